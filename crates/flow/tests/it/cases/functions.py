import functools
import api

data, sink = api.data, api.sink
app = api.App()


def passes(value):
    return value


def wraps(value):
    sink(value)  # HERE


def fixed(value):
    return "x"


sink(passes(data))  # HERE
sink(passes("x"))  # NOT
wraps(data)
sink(fixed(data))  # NOT


def options(a, b="x", *rest, c=None, **others):
    sink(a)  # HERE
    sink(rest)  # HERE
    sink(c)  # HERE
    sink(others)  # HERE
    sink(others["d"])  # HERE


options(data, 1, data, c=data, d=data)


def defaults(a, b="x"):
    return b


sink(defaults(data))  # NOT
sink(defaults(1, data))  # HERE
sink(defaults(b=data, a=1))  # HERE


def recursive(value, depth):
    if depth == 0:
        return value
    return recursive(value, depth - 1)


sink(recursive(data, 5))  # HERE


def even(n, value):
    return value if n == 0 else odd(n - 1, value)


def odd(n, value):
    return even(n - 1, value)


sink(even(4, data))  # HERE


def outer():
    captured = data

    def inner():
        sink(captured)  # HERE
        return captured

    sink(inner())  # HERE
    captured = "x"
    return inner


def counts():
    total = []

    def add(value):
        total.append(value)

    add(data)
    sink(total)  # HERE


sink(list(map(passes, [data])))  # HERE
sink(list(map(fixed, [data])))  # NOT
api.unknown(lambda value: sink(value), data)  # HERE
api.unknown(lambda value: sink(value), "x")  # NOT


@app.route("/")
def view(name, number: int):
    sink(name)  # HERE
    sink(number)  # NOT


def factory():
    @app.route("/inner")
    def inner(name):
        sink(name)  # HERE

    return app


def chosen(flag):
    if flag:
        return data
    return "x"


sink(chosen(False))  # NOT
sink(chosen(True))  # HERE


def _only_clean(value):
    sink(value)  # NOT


_only_clean("x")


def written(target):
    target["key"] = data


place = {}
written(place)
sink(place["key"])  # HERE


def pair():
    return "x", data


left, right = pair()
sink(left)  # NOT
sink(right)  # HERE


@functools.wraps(passes)
def decorated(value):
    return value


sink(decorated(data))  # HERE


def often(value):
    sink(value)  # HERE


often("a1")
often("a2")
often("a3")
often("a4")
often("a5")
often("a6")
often("a7")
often("a8")
often("a9")
often("b1")
often("b2")
often("b3")
often("b4")
often("b5")
often(data)


def deep_1(value):
    deep_2(value)


def deep_2(value):
    deep_3(value)


def deep_3(value):
    deep_4(value)


def deep_4(value):
    deep_5(value)


def deep_5(value):
    deep_6(value)


def deep_6(value):
    deep_7(value)


def deep_7(value):
    deep_8(value)


def deep_8(value):
    deep_9(value)


def deep_9(value):
    deep_10(value)


def deep_10(value):
    sink(value)  # HERE


deep_1(data)


def counted(n, value):
    if n > 3:
        sink(value)  # HERE
    counted(n + 1, value)


counted(0, data)


def later():
    return not_yet()


def not_yet():
    return data


sink(later())  # HERE
handlers = {"a": wraps, "b": lambda v: sink(v)}  # HERE
handlers["b"](data)
handlers[api.any()]("x")


def curried(value):
    def call(other):
        sink(value)  # HERE
        sink(other)  # NOT
    return call


curried(data)("x")


class Callable:
    def __call__(self, value):
        sink(value)  # HERE


Callable()(data)
