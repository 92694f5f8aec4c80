import api

data, sink = api.data, api.sink

l = ["a", data, "b"]
sink(l[0])  # NOT
sink(l[1])  # HERE
sink(l[-1])  # NOT
sink(l)  # HERE
l.pop(0)
sink(l[0])  # HERE
sink(l[1])  # NOT
l.insert(0, "c")
sink(l[1])  # HERE
l[1] = "d"
sink(l[1])  # NOT
sink(l)  # NOT
l.append(data)
sink(l[3])  # HERE
sink(l[:3])  # NOT
sink(l[2:])  # HERE
del l[3]
sink(l)  # NOT

d = {"k": data, "c": "x", **{"e": "y"}}
sink(d["k"])  # HERE
sink(d["c"])  # NOT
sink(d.get("c"))  # NOT
sink(d.get("k", "z"))  # HERE
sink(d["e"])  # NOT
d["k"] = "q"
sink(d["k"])  # NOT
sink(d)  # NOT
d[api.key()] = data
sink(d["c"])  # HERE
e = dict(a=data, b="x")
sink(e["b"])  # NOT
sink(e["a"])  # HERE
for key, value in e.items():
    sink(key)  # NOT
    sink(value)  # HERE

m = {}
m["a"] = "x"
m["b"] = data
m["a"] = m["b"]
m["b"] = "x"
sink(m["b"])  # NOT
sink(m["a"])  # HERE

a, b = "x", data
sink(a)  # NOT
sink(b)  # HERE
a, b = b, a
sink(a)  # HERE
sink(b)  # NOT
first, *rest = ["x", data]
sink(first)  # NOT
sink(rest[0])  # HERE

alias = inner = []
alias.append(data)
sink(inner)  # HERE
numbers = []
for number in range(3):
    numbers.append(number)
sink(numbers)  # NOT
both = [data] + ["x"]
sink(both[0])  # HERE
sink(both[1])  # NOT
for i, element in enumerate([data]):
    sink(i)  # NOT
    sink(element)  # HERE
thing = api.unknown()
thing.name = data
thing.other = "x"
sink(thing.other)  # NOT
sink(thing.name)  # HERE
nested = {"a": {"b": data, "c": "x"}}
sink(nested["a"]["c"])  # NOT
sink(nested["a"]["b"])  # HERE
