"""A text of two and a half million characters, built up piece by piece."""


def build():
    text = ""
    for i in range(1_000_000):
        text += "ab"
    for i in range(500_000):
        text += "é"
    return text


text = build()
assert len(text) == 2_500_000, f"the text has 2500000 characters, found {len(text)}"
print(len(text))
