"""Reference values of measures of texts: spans of tags (seqeval), BLEU (sacrebleu), ROUGE (rouge-score), and answers
(the evaluation script of SQuAD 1.1, its functions copied below).

    pip install seqeval==1.2.2 sacrebleu==2.6.0 rouge-score==0.1.2
    python -P Scripts/oracles/text_metrics.py > Tests/Golden/text_metrics.jsonl

Each line is one case with what goes in and what comes out. (`-P`: `statistics.py` beside this file is not Python's.)
"""

import json
import random
import re
import string
import warnings
from collections import Counter

import sacrebleu
from rouge_score import rouge_scorer
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

warnings.filterwarnings("ignore")
draw = random.Random(1)


def emit(**case):
    print(json.dumps(case, ensure_ascii=True))


def tags(count):
    kinds = ["B-PER", "I-PER", "B-LOC", "I-LOC", "O", "O", "E-PER", "S-LOC", "I", "B-a-b", "I-a-b"]
    return [draw.choice(kinds) for _ in range(count)]


def changed(sequence):
    return [draw.choice(["O", "B-PER", "I-PER", tag, tag, tag, tag]) for tag in sequence]


def spans():
    cases = [
        ([["B-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "O", "B-LOC"]]),
        ([["I-ORG", "O", "I-MISC", "I-MISC", "B-MISC"]], [["I-ORG", "O", "I-MISC", "O", "B-MISC"]]),
        ([["B-PER", "I-LOC"]], [["B-PER", "I-PER"]]),
        ([["O", "O"]], [["O", "B-PER"]]),
        ([["B-PER"]], [["O"]]),
    ]
    for _ in range(60):
        truth = [tags(draw.randint(1, 12)) for _ in range(draw.randint(1, 4))]
        cases.append((truth, [changed(sequence) for sequence in truth]))
    for truth, guess in cases:
        values = {}
        for average in ("micro", "macro", "weighted"):
            values[average] = [
                float(x)
                for x in precision_recall_fscore_support(truth, guess, average=average, zero_division=0)[:3]
            ]
        emit(kind="spans", labels=truth, predictions=guess, **values)


WORDS = (
    "the a cat , . dog sat on mat 3.5 1,000 it's well-known U.S. 10-20 \"so\" &amp; (yes) half/whole "
    "na\u00efve \u2013 end-"
).split(" ")


def text(low=0, high=14):
    return " ".join(draw.choice(WORDS) for _ in range(draw.randint(low, high)))


def near(reference):
    words = reference.split()
    for _ in range(draw.randint(0, 3)):
        if words:
            words[draw.randrange(len(words))] = draw.choice(WORDS)
    return " ".join(words)


def bleu():
    corpora = [
        (["the cat sat on the mat ."], [["the cat sat on the mat ."]]),
        (["the cat"], [["the cat sat on the mat ."]]),
        (["dog"], [["cat"]]),
        (["", "the cat sat"], [["the cat"], ["the cat sat", "a cat sat"]]),
        (
            ["It costs 3,000.50 dollars, ok...", "x-1-2 a.b"],
            [["It costs 3,000.50 dollars, OK..."], ["x-1-2 a. b", "x"]],
        ),
    ]
    for _ in range(40):
        references = [[text(1) for _ in range(draw.randint(1, 3))] for _ in range(draw.randint(1, 4))]
        corpora.append(([near(r[0]) for r in references], references))
    for texts, references in corpora:
        most = max(len(r) for r in references)
        columns = [[r[i] if i < len(r) else None for r in references] for i in range(most)]
        for words in ("none", "13a"):
            for smoothing in ("none", "exp", "floor", "add-k"):
                score = sacrebleu.corpus_bleu(texts, columns, tokenize=words, smooth_method=smoothing, force=True)
                emit(
                    kind="bleu", texts=texts, references=references, words=words, smoothing=smoothing,
                    score=score.score, precisions=score.precisions, penalty=score.bp, length=score.sys_len,
                    reference_length=score.ref_len,
                )


def rouge():
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"])
    cases = [("the cat", ["the cat sat"]), ("", ["a"]), ("a", ["..."]), ("Na\u00efve 3.5", ["naive 3 5", "na ve 3 5"])]
    for _ in range(40):
        references = [text() for _ in range(draw.randint(1, 3))]
        cases.append((near(references[0]), references))
    for guess, references in cases:
        found = scorer.score_multi(references, guess)
        emit(kind="rouge", text=guess, references=references, **{k: list(map(float, v)) for k, v in found.items()})


def normalize_answer(s):
    def remove_articles(t):
        return re.sub(r"\b(a|an|the)\b", " ", t)

    def white_space_fix(t):
        return " ".join(t.split())

    def remove_punc(t):
        exclude = set(string.punctuation)
        return "".join(ch for ch in t if ch not in exclude)

    return white_space_fix(remove_articles(remove_punc(s.lower())))


def f1_score(prediction, ground_truth):
    prediction_tokens = normalize_answer(prediction).split()
    ground_truth_tokens = normalize_answer(ground_truth).split()
    common = Counter(prediction_tokens) & Counter(ground_truth_tokens)
    num_same = sum(common.values())
    if num_same == 0:
        return 0.0
    precision = 1.0 * num_same / len(prediction_tokens)
    recall = 1.0 * num_same / len(ground_truth_tokens)
    return (2 * precision * recall) / (precision + recall)


def answers():
    cases = [
        ("The Broncos!", ["broncos"]), ("an apple a day", ["Apple day", "day"]), ("the\u2013war", ["war"]),
        ("", ["the"]), ("a_b the_c", ["ab thec"]), ("x", ["y"]), ("\u00c9t\u00e9, 1998", ["\u00e9t\u00e9 1998"]),
    ]
    for _ in range(40):
        right = [text(1, 5) for _ in range(draw.randint(1, 3))]
        cases.append((near(right[0]), right))
    for guess, right in cases:
        emit(
            kind="answer", text=guess, right=right, normalized=normalize_answer(guess),
            exact=any(normalize_answer(guess) == normalize_answer(r) for r in right),
            f1=max(f1_score(guess, r) for r in right),
        )


spans()
bleu()
rouge()
answers()
