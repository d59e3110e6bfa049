"""Every character and every pair of characters of a text that is not ASCII."""


def count(text):
    found = 0
    for i in range(len(text)):
        if text[i] == "o":
            found += 1
        if text[i : i + 2] == "ör":
            found += 1
    return found


print(count("héllo wörld " * 60_000))
