import api
from api import data as wanted, sink
import api as other

sink(wanted)  # HERE
other.sink(other.data)  # HERE
sink("text")  # NOT
x = wanted.get("name")
y = "a" + x
sink(y)  # HERE
z = f"b {y!r} {x:>10}"
sink(z)  # HERE
x = "clean"
sink(x)  # NOT
sink(y % 3)  # HERE
sink("%s and %d" % (1, wanted))  # NOT
sink("%s and %d" % (wanted, 1))  # HERE
sink("{} {a}".format(1, a=wanted))  # HERE
sink(api.clean(wanted))  # NOT
sink(int(wanted))  # NOT
sink(", ".join([wanted, "a"]))  # HERE
sink(", ".join(["b", "a"]))  # NOT
f = api.sink
f(api.read())  # HERE
thing = api.make().copy()
thing.sink(wanted)  # HERE
sink(*[wanted])  # HERE
sink(**{"other": wanted})  # NOT
with open(wanted) as file:
    sink(file)  # HERE
a, (b, *c) = wanted
sink(c)  # HERE
if (walrus := wanted):
    sink(walrus)  # HERE
sink(lambda: wanted)  # NOT
sink(wanted if y else "x")  # HERE
sink([n for n in wanted if n])  # HERE
sink({k: v for k, v in wanted.items()})  # HERE
sink(len(wanted))  # NOT
sink(not wanted)  # NOT
sink(wanted == "a")  # NOT
del y
sink(-wanted)  # HERE
t = wanted[1:3]
sink(t)  # HERE
s: str = wanted
s += "a"
sink(s)  # HERE


def outer():
    global g
    g = wanted


def generator():
    for item in wanted:
        yield item


async def waits():
    async for one in generator():
        sink(await one)  # HERE


for one in generator():
    sink(one)  # HERE
try:
    api.x()
except ValueError as error:
    sink(error)  # NOT
finally:
    sink(wanted)  # HERE


class Holder:
    held = wanted
    sink(held)  # HERE


sink(Holder.held)  # HERE
