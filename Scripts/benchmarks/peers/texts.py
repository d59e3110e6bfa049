"""The peers' work on text: byte-level BPE, generation, role reversal."""

import re

DOCUMENT_LINES = 50
VOCABULARY = 8192
PROMPT, GENERATED = 32, 64


def documents_of(path):
    """The text cut after every `DOCUMENT_LINES`th newline character."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = file.read().split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return ["".join(lines[i : i + DOCUMENT_LINES]) for i in range(0, len(lines), DOCUMENT_LINES)]


def trained_tokenizer(documents):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(documents, trainer)
    return tokenizer


def tokenization(what, path, threads):
    """Work, what `ready` says, and the check."""
    documents = documents_of(path)
    size = sum(len(document.encode()) for document in documents)
    state = {"tokens": 0}
    if what == "train":

        def work():
            state["tokens"] = trained_tokenizer(documents_of(path)).get_vocab_size()

    elif what == "encode":
        tokenizer = trained_tokenizer(documents)

        def work():
            if threads == 1:
                state["tokens"] = sum(len(tokenizer.encode(document)) for document in documents)
            else:
                state["tokens"] = sum(len(one) for one in tokenizer.encode_batch(documents))

    else:
        raise ValueError(f"unknown work of a tokenizer: {what}")
    work()
    facts = {"bytes": size, "documents": len(documents), "tokens": state["tokens"]}
    return work, facts, lambda: state["tokens"]


def generation(case, mode):
    """Greedy, batch 1, with the cache of transformers; `drafts`: with its prompt lookup decoding."""
    extra = {"drafts": {"prompt_lookup_num_tokens": 7}, "tokens": {}}[mode]
    if case != "gpt2small":
        raise ValueError(f"unknown model: {case}")
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, logging

    logging.set_verbosity_error()
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    prompt = torch.randint(0, 50_257, (1, PROMPT), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(prompt)
    state = {"count": 0}

    def work():
        with torch.inference_mode():
            whole = model.generate(
                prompt,
                attention_mask=mask,
                max_new_tokens=GENERATED,
                min_new_tokens=GENERATED,
                do_sample=False,
                use_cache=True,
                eos_token_id=None,
                pad_token_id=0,
                **extra,
            )
        state["count"] = whole.shape[1] - PROMPT

    work()
    count = sum(parameter.numel() for parameter in model.parameters())
    return work, {"tokens": GENERATED, "parameters": count}, lambda: state["count"]


# As much as published programs of this kind know; what we swap ourselves is a superset.
PAIRS = """
he she|him her|his her|himself herself|man woman|men women|boy girl|boys girls|father mother
fathers mothers|dad mom|son daughter|sons daughters|brother sister|brothers sisters|husband wife
husbands wives|uncle aunt|uncles aunts|nephew niece|nephews nieces|grandfather grandmother
king queen|kings queens|prince princess|princes princesses|actor actress|actors actresses
gentleman lady|gentlemen ladies|mr mrs|sir madam|male female|males females|hero heroine
waiter waitress|waiters waitresses|widower widow|bachelor spinster|groom bride|lord lady|lad lass
"""


def swapped_words():
    table = {}
    for pair in re.split(r"[|\n]", PAIRS.strip()):
        first, second = pair.split()
        table.setdefault(first, second)
        table.setdefault(second, first)
    return table


def role_reversal(path, mode):
    """`words`: every word is looked up in a dictionary; `alternation`: one expression of all words."""
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    table = swapped_words()
    if mode == "words":
        expression = re.compile(r"\w+")
    elif mode == "alternation":
        longest_first = sorted(table, key=len, reverse=True)
        expression = re.compile(r"\b(?:" + "|".join(longest_first) + r")\b", re.IGNORECASE)
    else:
        raise ValueError(f"unknown mode of role reversal: {mode}")
    state = {"changed": 0}

    def replacement(match):
        word = match.group()
        other = table.get(word.lower())
        if other is None:
            return word
        state["changed"] += 1
        if word[0].isupper():
            return other.upper() if len(word) > 1 and word.isupper() else other.capitalize()
        return other

    def work():
        state["changed"] = 0
        state["text"] = expression.sub(replacement, text)

    work()
    return work, {"bytes": len(text.encode())}, lambda: state["changed"]
