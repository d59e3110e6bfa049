/// What users of pandas, dplyr and SQL type on tables, columns and groups, with what is written here. The check and the
/// run give it as the hint for an unknown member.
enum ForeignNames {
  static let table = byName([
    ("merge left_join inner_join", "join two tables by a key: `t.join(u, on: \"key\")`"),
    ("melt gather pivot_longer stack", "write `t.unpivot([\"a\", \"b\"])`"),
    (
      "pivot_table pivot_wider spread crosstab",
      "write `t.pivot(rows: \"a\", columns: \"b\", values: \"v\", with: \"mean\")`"
    ),
    ("groupby group_by", "write `t.group(\"key\")`"),
    (
      "agg aggregate summarise summarize",
      "group first: `t.group(\"key\").agg({v: \"mean\"})`; `t.describe()` and `t.mean()` are of all rows"
    ),
    ("dropna drop_na", "write `t.drop_missing()`"),
    ("fillna replace_na", "write `t.fill_missing(0)`, or for one column `t.fill_missing({v: 0})`"),
    ("isna isnull", "write `t.v.is_missing()`; `t.describe().missing` counts them by column"),
    ("notna notnull", "write `not t.v.is_missing()`"),
    (
      "sort_values sort_by order_by order arrange",
      "write `t.sort(\"v\")`, greatest first `t.sort(\"-v\")`"
    ),
    ("sort_index reset_index set_index", "there is no index: a key is a column, `t.sort(\"key\")`"),
    (
      "index",
      "there is no index: `t[0]` is the first row, `t.with(\"row\", 0..len(t))` numbers them"
    ),
    ("iloc", "rows are `t[0]`, `t[2:5]` and `t[[0, 2]]`"),
    (
      "loc at iat",
      "write `t[t.v > 1]` for rows, `t[[\"a\", \"b\"]]` for columns, `t[0].v` for one value"
    ),
    (
      "abs round floor",
      "of one column `abs(t.v)` and `round(t.v, 2)`, of all numbers `round(tensor(t), 2)`"
    ),
    ("replace", "write `t.with(\"v\", t.v.map(x => if x == 1 { 2 } else { x }))`"),
    ("explode", "write `table([{k: row.k, x: x} for row in t for x in row.xs])`"),
    (
      "ffill bfill interpolate",
      "there is no filling from neighbours; `t.fill_missing({v: 0})` takes a value or a column"
    ),
    ("cut qcut", "write `t.with(\"bin\", t.v.bins([0, 10, 50]))`"),
    ("eval", "write `t.with(\"x\", t.v + 1)`"),
    ("idxmax", "write `t.sort(\"-v\")[0]`"), ("idxmin", "write `t.sort(\"v\")[0]`"),
    ("mode", "write `t.value_counts(\"v\")[0]`"), ("pull", "write `t.v`, or `t[\"v\"]`"),
    ("items", "write `[[name, t[name]] for name in t.columns]`"),
    ("query where", "write `t[t.v > 1]`, or `t.filter(row => row.v > 1)`"),
    ("assign mutate transform", "write `t.with(\"x\", t.v * 2)`, or `t.with({x: t.v * 2, y: 0})`"),
    ("insert add_column", "write `t.with(\"x\", values)`"),
    ("drop drop_columns del", "columns go with `t.without(\"v\")`, rows with `t[t.v > 1]`"),
    ("concat concatenate union rbind bind_rows vstack extend", "write `t.append(u)`"),
    ("distinct", "write `t.drop_duplicates(\"k\")`; the values alone are `t.unique(\"k\")`"),
    (
      "nunique n_distinct", "write `len(t.unique(\"k\"))`; `t.describe()` counts by column"
    ),
    (
      "info dtypes str glimpse summary head_info",
      "write `t.describe()`; the types alone are `t.types`"
    ),
    ("astype cast", "write `t.convert({v: \"float\"})`"),
    (
      "T transpose",
      "the numbers turned round are `tensor(t).T`; `t.unpivot` and `t.pivot` turn columns round"
    ),
    ("tensor", "write `tensor(t)`, or `tensor(t[[\"a\", \"b\"]])`"),
    ("values to_numpy", "rows are `t.rows`, numbers `tensor(t)`, one column's values `t.v.list()`"),
    ("to_list tolist to_dict to_records collect", "write `t.rows`; as a map `t[0].map()`"),
    ("iterrows itertuples", "write `for row in t { … }`"),
    (
      "apply applymap", "write `t.map(row => …)` for a list, `t.with(\"x\", row => …)` for a column"
    ),
    ("corr cor", "write `t.correlation()`"),
    ("cov var", "of one column `t.v.std() ** 2`; correlations are `t.correlation()`"),
    ("cumsum", "write `t.with(\"total\", t.v.cumsum())`"),
    ("rank", "write `t.with(\"place\", t.v.rank())`"),
    ("to_csv write_csv", "write `t.save(\"file.csv\")`; the text is `t.csv()`"),
    ("to_json write_json", "write `t.save(\"file.json\")`; the text is `t.json()`"),
    ("to_excel to_parquet", "write `t.save(\"file.csv\")`"),
    (
      "count size nrow",
      "rows are counted by `len(t)`, by groups `t.group(\"k\").count()`, by values `t.value_counts(\"k\")`"
    ),
    ("ncol", "write `len(t.columns)`"),
    ("empty is_empty", "write `len(t) == 0`"),
    ("get_dummies", "write `t.one_hot(\"k\")`"),
    ("nlargest", "write `t.sort(\"-v\").head(3)`"), ("nsmallest", "write `t.sort(\"v\").head(3)`"),
    ("first", "write `t[0]`"), ("last", "write `t[-1]`"),
    ("copy", "tables never change: `let u = t` is enough"),
    (
      "plot hist boxplot",
      "write `plot.line(t, x: \"a\", y: \"b\")`; `plot.histogram` and others take tables too"
    ),
  ])

  static let column = byName([
    ("isna isnull is_null", "write `c.is_missing()`"), ("is_nan isnan", "write `isnan(c)`"),
    ("clip clamp", "write `c.map(x => clamp(x, 0, 1))`"),
    ("argmax idxmax", "write `argmax(c.tensor())`; the row is `t.sort(\"-v\")[0]`"),
    ("argmin idxmin", "write `argmin(c.tensor())`; the row is `t.sort(\"v\")[0]`"),
    ("len", "how many are there is `len(c)`, how long each text is `c.map(s => len(s))`"),
    ("contains", "write `c.map(s => \"a\" in s)`; one of several values is `c.is_in([\"a\"])`"),
    ("startswith", "write `c.map(s => s.startswith(\"a\"))`"),
    ("replace", "write `c.map(x => if x == 1 { 2 } else { x })`"),
    ("upper lower strip split", "texts are taken one by one: `c.map(s => s.upper())`"),
    ("diff", "write `c[1:] - c[:-1]`, which is one value shorter"),
    ("shift lag lead", "columns are not shifted; pairs of neighbours are `c[1:]` and `c[:-1]`"),
    ("pct_change", "write `c[1:] / c[:-1] - 1`, which is one value shorter"),
    ("rolling", "there are no rolling windows; `c.cumsum()` is the sum up to each row"),
    ("cumprod", "write `exp(log(c).cumsum())` where all are above 0"),
    ("name", "a column does not know its name; the table does: `t.columns`"),
    ("mode", "write `c.value_counts()[0].value`"),
    ("sample", "write `t.sample(5)`, or `c.list()` and choose from it"),
    ("quarter", "write `c.floor(\"quarter\")`, or `(c.month - 1) // 3 + 1`"),
    ("notna notnull", "write `not c.is_missing()`"),
    ("dropna drop_missing", "write `c[not c.is_missing()]`"),
    ("fillna", "write `c.fill_missing(0)`"),
    ("nunique", "write `len(c.unique())`"), ("astype cast", "write `t.convert({v: \"float\"})`"),
    ("values to_list tolist", "write `c.list()`; as a tensor `c.tensor()`"),
    ("to_numpy", "write `c.tensor()`"),
    ("apply transform agg", "write `c.map(x => …)`; one number is `c.mean()`"),
    ("sort_values order arrange", "write `c.sort()`"), ("size shape nrow", "write `len(c)`"),
    ("str", "texts are taken one by one: `c.map(text => text.lower())`"),
    ("dt", "write `c.year`, `c.month`, `c.day` or `c.weekday`"),
    ("isin", "write `c.is_in([1, 2])`"), ("between", "write `c >= 1 & c <= 2`"),
    ("corr cor", "write `stats.correlation(a, b)`"), ("var", "write `c.std() ** 2`"),
    ("iloc loc", "write `c[0]`, `c[1:3]` or `c[c > 1]`"),
    ("index", "there is no index: `c[0]` is the first value"),
    ("T transpose", "a column has one axis: there is nothing to turn round"),
    ("describe", "write `t.describe()`, of this column alone `t.select(\"v\").describe()`"),
    ("query filter where", "write `c[c > 1]`"),
    ("plot hist", "write `plot.histogram(t, x: \"v\")`"),
    ("count_values", "write `c.value_counts()`"),
    ("copy", "columns never change: `let d = c` is enough"),
    ("append concat", "write `t.append(u)`, or `c.list() + [x]` for a list"),
  ])

  static let groups = byName([
    ("apply map", "write `g.agg({top: rows => rows.v.max()})`, or `[… for key, rows in g]`"),
    ("aggregate summarise summarize", "write `g.agg({v: \"mean\"})`"),
    ("size nrow", "write `g.count()`"),
    ("ngroups", "write `len(g)`"), ("groups", "write `g.tables`, or `for key, rows in g { … }`"),
    ("get_group", "write `t[t.k == \"a\"]`"),
    ("nunique n_distinct", "write `g.agg({v: \"unique\"})`"),
    ("filter", "write `[rows for key, rows in g if len(rows) > 1]`"),
    ("transform mutate assign", "join the summary to the table: `t.join(g.mean(), on: \"k\")`"),
    ("var", "write `g.std()`"),
    ("describe", "write `g.agg({v: [\"count\", \"mean\", \"std\", \"min\", \"max\"]})`"),
    ("rows to_list to_dict", "write `g.tables`, or `[… for key, rows in g]`"),
    ("head", "write `[rows.head(1) for rows in g.tables]`"),
    ("value_counts", "write `t.value_counts(\"k\", \"v\")`"),
  ])

  /// Several names, with spaces between, may have one hint.
  private static func byName(_ hints: [(names: String, hint: String)]) -> [String: String] {
    var result: [String: String] = [:]
    for (names, hint) in hints {
      for name in names.split(separator: " ") { result[String(name)] = hint }
    }
    return result
  }
}
