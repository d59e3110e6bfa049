import Foundation
import Testing

@testable import Text

/// Sentences with their reversals as a person would write them, a row each, the two divided by a tab. They were written
/// before the rules were tried on them, kind by kind: fixed phrases and the same words in ordinary sentences, names
/// with foreign particles, possessives, emphasis, tags and slashes, titles, and pronouns whose counterpart depends on
/// what stands around them.
@Suite struct RoleReversalSentenceTests {
  static let rows: [(text: String, reversed: String)] = sentences.split(separator: "\n").map {
    let parts = $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    return (parts[0], parts.count == 2 ? parts[1] : "")
  }

  @Test func everySentence() throws {
    let keep = try RoleReversal(oneWay: .keep)
    #expect(Self.rows.count > 350)
    for (text, reversed) in Self.rows {
      let result = RoleReversal.standard.reversal(of: text)
      #expect(result.text == reversed, "\(text)")
      if result.isInvertible {
        #expect(RoleReversal.standard.reverse(result.text) == text, "\(text)")
      }
      #expect(keep.reverse(keep.reverse(text)) == text, "\(text)")
    }
  }

  /// Lines in other languages stay, also where their words look like gendered ones of English.
  @Test(arguments: [
    "Er hat der Frau und dem man nicht gesagt, dass her",
    "Die Frau gab ihm den Ball und der man lachte.",
    "que la actor de los son he de una",
    "El niño y la niña cantan con ella.",
    "Los hombres son más altos que las mujeres, dijo el actor.",
    "El actor principal no vino al estreno de la película.",
    "Le prince est parti avec sa dame pour la ville.",
    "La dame et le prince sont dans le jardin du roi.",
    "Il a vu le groom de l'hôtel et lui a donné les clés.",
    "Man kann nicht alles haben, sagte der alte Mann.",
    "Wenn man jung ist, denkt man nicht an das Alter.",
    "Hier kommt man nur mit dem Auto her.",
    "De man en de vrouw wonen in het huis van de koning.",
    "Man ska inte tro att det är så lätt som en dag.",
    "Men han sa att hun ikke ville komme hjem til dem.",
    "Det er ikke sant at man må betale for det.",
    "Non sono sicuro che il monsieur abbia ragione per questo.",
    "El hombre de la casa he visto que son muy altos.",
    "Bu kitap için her gün bir saat ve daha çok okudum.",
    "Her şey çok güzel ve daha iyi olacak.",
    "Wir haben den Prince und die Queen in der Stadt gesehen.",
    "Je ne sais pas où est la dame qui est venue avec le prince.",
    "Ich habe her und hin überlegt, aber das ist nicht so.",
    "Sie sind von weit her gekommen und haben die lady gesehen.",
    "Vi har en dame her som ikke vil gå.",
    "Hun er her nå, og han er ikke her.",
    "Jeg bor her med min man og en hund.",
    "el son de la negra es una canción",
  ])
  func otherLanguagesStay(_ line: String) {
    #expect(RoleReversal.standard.reverse(line) == line)
  }

  private static let sentences = #"""
    That woman made my day.	That man made my day.
    The man made a cake.	The woman made a cake.
    He gave his father time to rest.	She gave her mother time to rest.
    A man hours later called.	A woman hours later called.
    It is a man-made lake.	It is a man-made lake.
    It is a man made lake.	It is a man made lake.
    Father Time and Mother Nature met.	Father Time and Mother Nature met.
    Joel de la Fuente is an American actor.	Joel de la Fuente is an American actress.
    Ana de los Reyes and her brother sing.	Ana de los Reyes and his sister sing.
    im glad she left, im happy for her.	im glad he left, im happy for him.
    the ladies' room	the gentlemen's room
    the gentlemen's club	the ladies' club
    the actress' role	the actor's role
    the duchess' son	the duke's daughter
    his/their dog	her/their dog
    *his* dog	*her* dog
    <b>her</b> bag	<b>his</b> bag
    He gave his all for her.	She gave her all for him.
    Nobody but her knew.	Nobody but him knew.
    Everyone except her laughed.	Everyone except him laughed.
    Mr. and Mrs. Jones	Mrs. and Mr. Jones
    a cow, a bull, a hen and a rooster	a bull, a cow, a rooster and a hen
    Lady Gaga sang at the gala.	Lady Gaga sang at the gala.
    Isle of Man ferries run daily.	Isle of Man ferries run daily.
    Miss Marple solved it; she didn't miss a clue.	Mr. Marple solved it; he didn't miss a clue.
    The woman made a speech.	The man made a speech.
    This man made history.	This woman made history.
    My man made breakfast for us.	My woman made breakfast for us.
    A kind woman made me tea.	A kind man made me tea.
    An old man made the chairs.	An old woman made the chairs.
    Women made up half of the crowd.	Men made up half of the crowd.
    He is a man made for this job.	She is a woman made for this job.
    They swam in a man-made lake.	They swam in a man-made lake.
    Most man-made fibres melt.	Most man-made fibres melt.
    The reef is man-made.	The reef is man-made.
    It took 500 man-hours.	It took 500 man-hours.
    It took 500 man hours to build.	It took 500 man hours to build.
    The men hours later returned.	The women hours later returned.
    The woman hours before had left.	The man hours before had left.
    The man eating alone is my uncle.	The woman eating alone is my aunt.
    I saw a woman eating an apple.	I saw a man eating an apple.
    A man-eating tiger was shot.	A man-eating tiger was shot.
    They gave the man power over the town.	They gave the woman power over the town.
    We need more man power.	We need more man power.
    She gave her mother time to think.	He gave his father time to think.
    Father Time spares nobody.	Father Time spares nobody.
    My father time and again helped me.	My mother time and again helped me.
    The king sized up his rival.	The queen sized up her rival.
    They slept in a king-sized bed.	They slept in a king-sized bed.
    They slept in a king size bed.	They slept in a king size bed.
    The queen sized him up.	The king sized her up.
    The witch hunts children at night.	The witch hunts children at night.
    The witch hunts them at night.	The wizard hunts them at night.
    It was a witch hunt.	It was a witch hunt.
    The witch hunts of Salem killed many.	The witch hunts of Salem killed many.
    Her mother tongue is Welsh.	His mother tongue is Welsh.
    Mother Nature is cruel.	Mother Nature is cruel.
    The beach boys sold cold drinks.	The beach girls sold cold drinks.
    The Beach Boys sang.	The Beach Boys sang.
    An iron man guarded the gate.	An iron woman guarded the gate.
    Iron Man saved his friends.	Iron Man saved her friends.
    A black widow raised her son alone.	A black widower raised his daughter alone.
    The wright brothers met the girls.	The wright brothers met the boys.
    I met the blues brothers of our town.	I met the blues sisters of our town.
    My big brother is a man.	My big sister is a woman.
    Big Brother is watching.	Big Brother is watching.
    She has a bachelor's degree.	He has a bachelor's degree.
    The bachelor's house is empty.	The spinster's house is empty.
    He is a confirmed bachelor.	She is a confirmed spinster.
    She lives in Queens with her dad.	He lives in Queens with his mom.
    Two queens met in the hall.	Two kings met in the hall.
    He went to King's College with his son.	She went to King's College with her daughter.
    The king's college was rich.	The queen's college was rich.
    A queen bee rules the hive.	A queen bee rules the hive.
    He is such a drama queen.	She is such a drama queen.
    Penélope Cruz thanked her husband.	Penélope Cruz thanked his wife.
    Oscar de la Hoya beat his rival.	Oscar de la Hoya beat her rival.
    Ludwig van Beethoven wrote to his brother.	Ludwig van Beethoven wrote to her sister.
    Robin van Persie is his hero.	Robin van Persie is her heroine.
    Anneke van der Berg lost her cat.	Anneke van der Berg lost his cat.
    Charles de Gaulle and his wife left.	Charles de Gaulle and her husband left.
    Leonardo da Vinci painted her.	Leonardo da Vinci painted him.
    She moved from Los Angeles to Las Vegas.	He moved from Los Angeles to Las Vegas.
    Juana de la Cruz is a nun.	Juana de la Cruz is a monk.
    Carlos de los Santos is her uncle.	Carlos de los Santos is his aunt.
    Eva von der Leyen, his boss.	Eva von der Leyen, her boss.
    Luis del Río y de la Vega, actor	Luis del Río y de la Vega, actress
    im sure she knows	im sure he knows
    im not mad at him	im not mad at her
    i think im in love with her	i think im in love with him
    the les paul guitar of his dad	the les paul guitar of her mom
    La Rochelle beat her team.	La Rochelle beat his team.
    Das Boot made him famous.	Das Boot made her famous.
    Le Corbusier and his wife moved.	Le Corbusier and her husband moved.
    Él y la reina hablan con el actor.	Él y la reina hablan con el actor.
    Der Prinz und die Lady sind nicht da.	Der Prinz und die Lady sind nicht da.
    the boys' team	the girls' team
    the women's room	the men's room
    the men's shoes and the ladies' shoes	the women's shoes and the gentlemen's shoes
    The waitress' tips were stolen.	The waiter's tips were stolen.
    The waitress's tips were stolen.	The waiter's tips were stolen.
    The princess's crown fell.	The prince's crown fell.
    The princess’ crown fell.	The prince’s crown fell.
    the hostess' dress	the hostess' dress
    the businessmen's lunch	the businesswomen's lunch
    LADIES' NIGHT	GENTLEMEN'S NIGHT
    the ladies’ room	the gentlemen’s room
    That hat is the ladies'.	That hat is the gentlemen's.
    'Welcome, ladies' was all he said.	'Welcome, gentlemen' was all she said.
    'Good evening, ladies', he said.	'Good evening, gentlemen', she said.
    the witches' brew	the wizards' brew
    the wives' tale	the husbands' tale
    my sisters' friends	my brothers' friends
    the heiress' money	the heir's money
    my wife's sister's dress	my husband's brother's dress
    the brides' mothers	the grooms' fathers
    the fathers' club	the mothers' club
    an alumna's letter	an alumnus's letter
    the goddesses' temple	the gods' temple
    *her* dog barked	*his* dog barked
    **his** dog barked	**her** dog barked
    _her_ dog barked	_his_ dog barked
    ***her*** dog barked	***his*** dog barked
    ~~his~~ dog	~~her~~ dog
    I saw *her* yesterday.	I saw *him* yesterday.
    I saw *him*.	I saw *her*.
    It was *his*.	It was *hers*.
    <i>his</i> car	<i>her</i> car
    <em>her</em> car is <strong>his</strong>.	<em>his</em> car is <strong>hers</strong>.
    <b>his</b> <i>old</i> car	<b>her</b> <i>old</i> car
    I like <b>her</b> and <i>him</i>.	I like <b>him</b> and <i>her</i>.
    I saw her.<br>Her dog ran.	I saw him.<br>His dog ran.
    I met her<br>yesterday	I met him<br>yesterday
    "her" dog	"his" dog
    It was 'his' idea.	It was 'her' idea.
    It was “her” idea.	It was “his” idea.
    [his] car	[her] car
    his (her) car	her (his) car
    his or her car	her or his car
    her and/or his car	his and/or her car
    him and/or her	her and/or him
    his/her car	her/his car
    her/his/their car	his/her/their car
    his/their own car	her/their own car
    his or their car	her or their car
    their/his car	their/her car
    him/her/them	her/him/them
    ask him/them	ask her/them
    he/she/they	she/he/they
    himself/herself	herself/himself
    his/hers	hers/his
    he or she	she or he
    him or her	her or him
    (s)he lost his/her bag	(s)he lost her/his bag
    S/he said so.	S/he said so.
    (S)he said so.	(S)he said so.
    She gave her all in the race.	He gave his all in the race.
    He gave it his all.	She gave it her all.
    They gave her all the money.	They gave him all the money.
    I told her all about it.	I told him all about it.
    She gave her best.	He gave his best.
    He did his best to help.	She did her best to help.
    Nobody except him came.	Nobody except her came.
    No one but her understands.	No one but him understands.
    No one but her mother understands.	No one but his father understands.
    All but her left early.	All but him left early.
    Anyone but him would have stayed.	Anyone but her would have stayed.
    Everybody besides her agreed.	Everybody besides him agreed.
    The man behind her coughed.	The woman behind him coughed.
    The people around her cheered.	The people around him cheered.
    Who but her could do it?	Who but him could do it?
    Everyone but her friends laughed.	Everyone but his friends laughed.
    He is taller than her.	She is taller than him.
    He is older than her sister.	She is older than his brother.
    Mrs. and Mr. Lopez	Mr. and Mrs. Lopez
    Mr. and Mrs. Smith and their son	Mrs. and Mr. Smith and their daughter
    Mr & Mrs Brown	Mrs & Mr Brown
    Mum and Dad came.	Dad and Mum came.
    Mr. Jones met Mrs. Lee.	Ms. Jones met Mr. Lee.
    Dear Mr. Jones	Dear Ms. Jones
    Miss Lee and Mr. Kim	Mr. Lee and Ms. Kim
    Mr. President, he said	Madam President, she said
    Madam Speaker, I rise.	Mr. Speaker, I rise.
    Sir Elton and Dame Maggie met.	Dame Elton and Sir Maggie met.
    Yes, sir, I will.	Yes, madam, I will.
    Yes, sir I will.	Yes, madam I will.
    ladies and gentlemen	gentlemen and ladies
    a bull and two cows	a cow and two bulls
    the cow's calf	the bull's calf
    a bull market	a bull market
    the Chicago Bulls won	the Chicago Bulls won
    a cash cow	a cash cow
    He bought a pit bull.	She bought a pit bull.
    stallions and mares	mares and stallions
    his only son	her only daughter
    Her only hope is gone.	His only hope is gone.
    I saw her only once.	I saw him only once.
    He watched her every move.	She watched his every move.
    I see her every day.	I see him every day.
    her once great career	his once great career
    his then wife	her then husband
    I met her once again.	I met him once again.
    Her looks deceive.	His looks deceive.
    I love her looks.	I love his looks.
    Her past caught up with her.	His past caught up with him.
    We drove her past the school.	We drove him past the school.
    It was against her will.	It was against his will.
    Her will was read.	His will was read.
    She has her right to vote.	He has his right to vote.
    It hangs to her right.	It hangs to his right.
    I gave it to her right away.	I gave it to him right away.
    He fell on his back.	She fell on her back.
    Watch her back!	Watch his back!
    Call her back!	Call him back!
    They brought her back home.	They brought him back home.
    He turned his back on her.	She turned her back on him.
    I heard of her leaving the house.	I heard of him leaving the house.
    I was proud of her singing.	I was proud of his singing.
    I like her acting.	I like his acting.
    I saw her acting strangely.	I saw him acting strangely.
    We saw her leave.	We saw him leave.
    We let her go.	We let him go.
    Let her dog run.	Let his dog run.
    She let her hair down.	He let his hair down.
    They made her cry.	They made him cry.
    They made her sick.	They made him sick.
    It made her uncomfortable.	It made him uncomfortable.
    We found her unconscious.	We found him unconscious.
    Help her solve the puzzle.	Help him solve the puzzle.
    I helped her mother.	I helped his father.
    I called her a liar.	I called him a liar.
    I called her mother a liar.	I called his father a liar.
    I named her Ruth.	I named him Ruth.
    It took her two hours.	It took him two hours.
    I paid her 20 dollars.	I paid him 20 dollars.
    I spent her money.	I spent his money.
    I gave her money.	I gave him money.
    I sold her car.	I sold his car.
    He got her money back.	She got his money back.
    I wished her luck.	I wished him luck.
    She wished her son luck.	He wished his daughter luck.
    I know her.	I know him.
    I know her well.	I know him well.
    I know her well-known aunt.	I know his well-known uncle.
    I gave her the book.	I gave him the book.
    Tell her that story.	Tell him that story.
    I want her to stay.	I want him to stay.
    with her in mind	with him in mind
    in her own words	in his own words
    Her, I trust.	Him, I trust.
    That is hers.	That is his.
    Hers is red.	His is red.
    Is this his?	Is this hers?
    a friend of his	a friend of hers
    his being late	her being late
    I hate him and his brother.	I hate her and her sister.
    I hate her and her mother.	I hate him and his father.
    between his and her house	between her and his house
    He hugged her and kissed her.	She hugged him and kissed him.
    his 14 year old son	her 14 year old daughter
    Her Majesty the Queen	His Majesty the King
    Man, I am tired.	Man, I am tired.
    The man, tired, slept.	The woman, tired, slept.
    My girl, she said.	My boy, he said.
    his The Great Gatsby	her The Great Gatsby
    I love her like a sister.	I love him like a brother.
    I like her cause.	I like his cause.
    She's her own boss.	He's his own boss.
    The man made off with her purse.	The woman made off with his purse.
    No man made more money than her.	No woman made more money than him.
    What a woman made of steel!	What a man made of steel!
    The women made dinner for the men.	The men made dinner for the women.
    The old man made toys.	The old woman made toys.
    A self-made man lives here.	A self-made woman lives here.
    The lake is man made.	The lake is man made.
    The man made lakes are deep.	The woman made lakes are deep.
    He paid his father time and money.	She paid her mother time and money.
    She lent her mother earth and seeds.	He lent his father earth and seeds.
    Father Christmas brought him toys.	Father Christmas brought her toys.
    The father christened his son.	The mother christened her daughter.
    The woman hours earlier had called him.	The man hours earlier had called her.
    The man days later died.	The woman days later died.
    It needs three man days.	It needs three man days.
    The queen crab scuttled.	The queen crab scuttled.
    The king penguins dived.	The king penguins dived.
    The founding fathers signed.	The founding fathers signed.
    The witch hazel bloomed.	The witch hazel bloomed.
    The wizard hunts dragons.	The wizard hunts dragons.
    He and the blues brothers of Chicago met.	She and the blues sisters of Chicago met.
    My lady luck ran out.	My gentleman luck ran out.
    Iron men and iron women compete.	Iron women and iron men compete.
    Spider-Man saved her.	Spider-Man saved him.
    The Queen of Spain met him.	The King of Spain met her.
    The drag queen bowed.	The drag queen bowed.
    Kings College is near the king's house.	Kings College is near the queen's house.
    Queen's Park is his home.	Queen's Park is her home.
    They sat in queens' chairs.	They sat in kings' chairs.
    Vasco da Gama and his men sailed.	Vasco da Gama and her women sailed.
    Guillermo del Toro made his film.	Guillermo del Toro made her film.
    Jean de la Fontaine wrote his fables.	Jean de la Fontaine wrote her fables.
    Marie von Ebner-Eschenbach and her husband.	Marie von Ebner-Eschenbach and his wife.
    Manuel y Maria, her parents, came.	Manuel y Maria, his parents, came.
    Dulce María de los Ángeles kissed her son.	Dulce María de los Ángeles kissed his daughter.
    Lisa del Bo is a singer and actress.	Lisa del Bo is a singer and actor.
    Princess Mathilde von Habsburg, his aunt	Prince Mathilde von Habsburg, her uncle
    Ibn Saud and his sons	Ibn Saud and her daughters
    Dick Van Dyke is her favourite actor.	Dick Van Dyke is his favourite actress.
    Vincent van Gogh, Ludwig van Beethoven, his heroes	Vincent van Gogh, Ludwig van Beethoven, her heroines
    im his sister	im her brother
    i told her im done	i told him im done
    Le Monde, Der Spiegel and El Pais praised her.	Le Monde, Der Spiegel and El Pais praised him.
    Les Misérables is his favourite.	Les Misérables is her favourite.
    Ser o no ser, dijo el actor a la reina.	Ser o no ser, dijo el actor a la reina.
    Das ist nicht der Prince, den ich kenne.	Das ist nicht der Prince, den ich kenne.
    the countess' tiara and the prince's crown	the countess' tiara and the princess's crown
    the stewardess' uniform	the steward's uniform
    the policemen's ball	the policewomen's ball
    the grandmothers' recipes	the grandfathers' recipes
    the gods' and goddesses' quarrel	the goddesses' and gods' quarrel
    the salesmen’s bonus	the saleswomen’s bonus
    LADIES' AND GENTLEMEN'S SHOES	GENTLEMEN'S AND LADIES' SHOES
    "the ladies' choice"	"the gentlemen's choice"
    Those shoes are ladies'.	Those shoes are gentlemen's.
    He yelled 'Ladies!' and left.	She yelled 'Gentlemen!' and left.
    'My ladies' club,' she said, 'is full.'	'My gentlemen's club,' he said, 'is full.'
    the mermaids' song	the mermen's song
    *her own* dog	*his own* dog
    It is **hers**, not **his**.	It is **his**, not **hers**.
    **Her** dog and __his__ cat	**His** dog and __her__ cat
    <span class="x">his</span> car	<span class="x">her</span> car
    <u>him</u> and <u>her</u>	<u>her</u> and <u>him</u>
    She took <b>his</b>.	He took <b>hers</b>.
    his/her/its owner	her/his/its owner
    its/his owner	its/her owner
    ask his/her doctor	ask her/his doctor
    s/he must sign his/her name	s/he must sign her/his name
    he/him and she/her	she/her and he/him
    They gave it their all; she gave it hers.	They gave it their all; he gave it his.
    He put his all into it.	She put her all into it.
    I gave her all I had.	I gave him all I had.
    No one except her saw it.	No one except him saw it.
    Nobody besides him spoke.	Nobody besides her spoke.
    Everybody but her has left.	Everybody but him has left.
    Anybody but her can come.	Anybody but him can come.
    I trust no one but her.	I trust no one but him.
    None but her son knew.	None but his daughter knew.
    Nothing but her smile remained.	Nothing but his smile remained.
    Mr. or Mrs. Gray	Mrs. or Mr. Gray
    Dr. and Mrs. King	Dr. and Mr. King
    Messrs. Black and White	Mesdames. Black and White
    a hen, a rooster, a mare and a stallion	a rooster, a hen, a stallion and a mare
    holy cow, said the bull	holy cow, said the cow
    The vet saw a cow and her calf.	The vet saw a bull and his calf.
    the prince and the princess	the princess and the prince
    a waiter or a waitress	a waitress or a waiter
    boys and girls	girls and boys
    He is her ex-husband's lawyer.	She is his ex-wife's lawyer.
    We found her in tears.	We found him in tears.
    I owe her my life.	I owe him my life.
    He stole her money.	She stole his money.
    I heard her play the piano.	I heard him play the piano.
    They followed her home.	They followed him home.
    They burned her home.	They burned his home.
    Look at her now.	Look at him now.
    She asked her first question.	He asked his first question.
    I asked her first.	I asked him first.
    They elected her president.	They elected him president.
    I consider her smart.	I consider him smart.
    Ask her about her past life.	Ask him about his past life.
    They let her friends in.	They let his friends in.
    He texted her that night.	She texted him that night.
    I took her to her mother's.	I took him to his father's.
    """#
}
