import api

sink = api.sink


class Keeper:
    kind = "x"

    def __init__(self, name, other="x"):
        self.name = name
        self.other = other
        self.late = None

    def set_late(self):
        self.late = api.data

    def use(self):
        sink(self.other)  # NOT
        sink(self.kind)  # NOT
        sink(self.late)  # HERE

    @property
    def title(self):
        return "title " + self.name

    @staticmethod
    def plain(value):
        return value

    @classmethod
    def make(cls, value):
        return cls(value)


def use():
    keeper = Keeper(api.data)
    sink(keeper.name)  # HERE
    sink(keeper.other)  # NOT
    sink(keeper.title)  # HERE
    sink(Keeper.plain(api.data))  # HERE
    sink(Keeper.plain("x"))  # NOT
    sink(Keeper.make(api.data).name)  # HERE
    clean = Keeper("x")
    sink(clean.name)  # NOT
    keeper.name = "x"
    sink(keeper.name)  # NOT


class Base:
    def run(self, value):
        self.hook(value)

    def keep(self, value):
        self.kept = value

    def hook(self, value):
        pass


class Derived(Base):
    def __init__(self):
        super().__init__()
        super().keep(api.data)

    def hook(self, value):
        sink(value)  # HERE

    def show(self):
        sink(self.kept)  # HERE


def derive():
    Derived().run(api.data)
    d = Derived()
    d.show()


class Counter:
    limit = 0

    def __init__(self):
        self.count = 0

    def step(self):
        self.count += 1
        self.limit = 5

    def show(self):
        if self.count > 3:
            sink(api.data)  # HERE
        if self.limit == 5:
            sink(api.data)  # HERE


class WithFields:
    name: str
    other: str = "x"


def fields():
    one = WithFields(api.data, "y")
    sink(one.name)  # HERE
    sink(one.other)  # NOT
    two = WithFields(name="x", other=api.data)
    sink(two.name)  # NOT
    sink(two.other)  # HERE


class Outside(api.Thing):
    def run(self):
        self.sink(api.data)  # HERE


def managed():
    with Keeper(api.data) as keeper:
        sink(keeper.name)  # HERE
