import api

data, sink = api.data, api.sink

num = 106
x = data
if 7 * 42 - num > 200:
    x = "safe"
sink(x)  # HERE
if 7 * 42 - num < 200:
    x = "safe"
sink(x)  # NOT

y = "safe" if num % 2 == 0 else data
sink(y)  # NOT
y = data if num % 2 == 0 else "safe"
sink(y)  # HERE

guess = "ABC"[1]
match guess:
    case "A":
        z = data
    case "B":
        z = "safe"
    case _:
        z = data
sink(z)  # NOT
match guess:
    case "A" | "C":
        z = "safe"
    case "B":
        z = data
sink(z)  # HERE
match api.any():
    case {"key": value, **others}:
        sink(value)  # NOT
    case [first, *more]:
        sink(first)  # NOT
match data:
    case [first, *more]:
        sink(first)  # HERE
    case {"key": value}:
        sink(value)  # HERE
    case str() as text:
        sink(text)  # HERE
    case "fixed":
        sink(data)  # NOT

while True:
    w = data
    if api.any():
        break
    w = "safe"
sink(w)  # HERE
while False:
    sink(data)  # NOT
v = "safe"
for i in range(10):
    sink(v)  # HERE
    v = data
u = "safe"
for i in []:
    u = data
sink(u)  # NOT
if api.any():
    t = data
elif api.any():
    t = "safe"
else:
    api.stop()
sink(t)  # HERE
if api.any():
    t = "safe"
else:
    t = data
    api.stop()
sink(t)  # NOT
try:
    r = data
    r = api.clean(r)
except Exception:
    r = "safe"
else:
    r = "fine"
sink(r)  # NOT
try:
    q = api.any()
except Exception:
    q = data
sink(q)  # HERE
table = {"a": "safe", "b": data}
name = "a"
sink(table[name])  # NOT
sink(table["b"])  # HERE
text = "one" + "two"
if text == "onetwo":
    p = "safe"
else:
    p = data
sink(p)  # NOT
if "two" in text and len(text) == 6:
    p = data
sink(p)  # HERE
for letter in "abc":
    if letter == "z":
        sink(data)  # NOT
n = 0
for step in api.any():
    n += 1
    if n > 100:
        sink(data)  # HERE
else:
    sink(n)  # NOT
k = None
if k is None:
    k = "safe"
else:
    k = data
sink(k)  # NOT

try:
    j = data
    api.x()
    j = "safe"
except Exception:
    sink(j)  # HERE
i = "x"
only = [i for i in data]
sink(i)  # NOT
flag = False


def turn():
    global flag
    flag = True


def look():
    if flag:
        sink(data)  # HERE


a = b = c = d = e = "x"
for one in range(100):
    sink(e)  # HERE
    e = d
    d = c
    c = b
    b = a
    a = data


def finally_seen():
    try:
        return api.any()
    finally:
        sink(data)  # HERE


def both_ways():
    if api.any():
        return data
    else:
        return "x"
    sink(data)  # NOT


sink(both_ways())  # HERE
