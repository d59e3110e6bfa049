"""Methods of short texts."""


def run(count):
    words = ["Alpha", "beta", " Gamma ", "delta,epsilon"]
    found = 0
    for i in range(count):
        word = words[i % 4]
        if word.strip().lower().startswith("g"):
            found += 1
        found += len(word.split(","))
        found += word.replace("a", "bb").find("b")
    return found


print(run(600_000))
