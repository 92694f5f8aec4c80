//! The variables and objects of a walk, with a log of writes: branches are walked one after the
//! other on the same memory, and what each of them wrote is taken back and joined. A branch costs
//! what it writes, not what there is.

use std::rc::Rc;

use crate::value::{Kind, Object, ObjectId, Value};

/// More writes than this in one `try` are not remembered one by one.
const WATCHED_MAX: usize = 4096;

/// A point to go back to. Marks nest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    id: u32,
    place: usize,
}

/// What was written since a mark.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delta {
    /// Number, value, and when it was written.
    cells: Vec<(u32, Option<Value>, u32)>,
    objects: Vec<(u32, Rc<Object>)>,
}

#[derive(Debug)]
enum Change {
    Cell { cell: u32, before: Option<Value>, written: u32, stamp: u32 },
    Object { object: u32, before: Rc<Object>, stamp: u32 },
}

/// The memory of a walk.
#[derive(Debug, Default)]
pub(crate) struct State {
    cells: Vec<Cell>,
    heap: Vec<(Rc<Object>, u32)>,
    log: Vec<Change>,
    marks: Vec<u32>,
    marks_made: u32,
    /// Writes so far.
    time: u32,
    /// For each `try` being walked, what its body wrote on the way.
    watches: Vec<Vec<(u32, Value)>>,
}

#[derive(Debug)]
struct Cell {
    value: Option<Value>,
    /// When it was written.
    written: u32,
    /// The mark since which its old value is in the log.
    stamp: u32,
}

impl State {
    pub fn now(&self) -> u32 {
        self.time
    }

    /// Room for the variables of a function; where it begins.
    pub fn allocate(&mut self, cells: usize) -> u32 {
        let base = self.cells.len();
        self.cells.extend((0..cells).map(|_| Cell { value: None, written: 0, stamp: 0 }));
        u32::try_from(base).unwrap_or(u32::MAX)
    }

    pub fn make(&mut self, object: Object) -> ObjectId {
        self.heap.push((Rc::new(object), 0));
        ObjectId(u32::try_from(self.heap.len() - 1).unwrap_or(u32::MAX))
    }

    /// How many variables and objects there are.
    pub fn sizes(&self) -> [u32; 2] {
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        [number(self.cells.len()), number(self.heap.len())]
    }

    pub fn read(&self, cell: u32) -> Option<&Value> {
        self.cells.get(cell as usize)?.value.as_ref()
    }

    pub fn written(&self, cell: u32) -> u32 {
        self.cells.get(cell as usize).map_or(0, |cell| cell.written)
    }

    pub fn write(&mut self, cell: u32, value: Option<Value>) {
        self.time += 1;
        let time = self.time;
        self.replace(cell, value, time);
    }

    /// More is known of a value that stays what it is.
    pub fn refine(&mut self, cell: u32, value: Value) {
        let written = self.written(cell);
        self.replace(cell, Some(value), written);
    }

    /// Begins to remember every value that is written: an exception can come at any time.
    pub fn watch(&mut self) {
        self.watches.push(Vec::new());
    }

    /// What was written since [`State::watch`].
    pub fn watched(&mut self) -> Vec<(u32, Value)> {
        let watched = self.watches.pop().unwrap_or_default();
        if let Some(outer) = self.watches.last_mut() {
            let room = WATCHED_MAX.saturating_sub(outer.len());
            outer.extend(watched.iter().take(room).cloned());
        }
        watched
    }

    /// Variables may have these values, too.
    pub fn join_values(&mut self, values: &[(u32, Value)]) {
        for (cell, value) in values {
            let joined = match self.read(*cell) {
                Some(now) => now.join(value),
                None => value.clone(),
            };
            self.write(*cell, Some(joined));
        }
    }

    fn replace(&mut self, number: u32, value: Option<Value>, written: u32) {
        if let (Some(watch), Some(value)) = (self.watches.last_mut(), &value)
            && watch.len() < WATCHED_MAX
        {
            watch.push((number, value.clone()));
        }
        let Some(cell) = self.cells.get_mut(number as usize) else { return };
        let before = std::mem::replace(&mut cell.value, value);
        let before_written = std::mem::replace(&mut cell.written, written);
        if let Some(mark) = self.marks.last()
            && cell.stamp != *mark
        {
            let stamp = std::mem::replace(&mut cell.stamp, *mark);
            let written = before_written;
            self.log.push(Change::Cell { cell: number, before, written, stamp });
        }
    }

    pub fn object(&self, id: ObjectId) -> &Object {
        &self.heap[id.0 as usize].0
    }

    pub fn object_rc(&self, id: ObjectId) -> Rc<Object> {
        Rc::clone(&self.heap[id.0 as usize].0)
    }

    pub fn change(&mut self, id: ObjectId, change: impl FnOnce(&mut Object)) {
        self.time += 1;
        let (object, stamp) = &mut self.heap[id.0 as usize];
        if let Some(mark) = self.marks.last()
            && stamp != mark
        {
            let stamp = std::mem::replace(stamp, *mark);
            let before = Rc::clone(object);
            self.log.push(Change::Object { object: id.0, before, stamp });
        }
        change(Rc::make_mut(object));
    }

    /// Begins to remember what is overwritten.
    pub fn mark(&mut self) -> Mark {
        self.marks_made += 1;
        self.marks.push(self.marks_made);
        Mark { id: self.marks_made, place: self.log.len() }
    }

    /// What was written since the mark.
    pub fn since(&self, mark: Mark) -> Delta {
        let mut delta = Delta::default();
        let (mut cells, mut objects) = (Vec::new(), Vec::new());
        for change in &self.log[mark.place..] {
            match change {
                Change::Cell { cell, .. } => cells.push(*cell),
                Change::Object { object, .. } => objects.push(*object),
            }
        }
        cells.sort_unstable();
        cells.dedup();
        objects.sort_unstable();
        objects.dedup();
        for cell in cells {
            let now = &self.cells[cell as usize];
            delta.cells.push((cell, now.value.clone(), now.written));
        }
        for object in objects {
            delta.objects.push((object, Rc::clone(&self.heap[object as usize].0)));
        }
        delta
    }

    /// Goes back to the mark, which ends.
    pub fn undo(&mut self, mark: Mark) {
        debug_assert_eq!(self.marks.last(), Some(&mark.id), "marks nest");
        self.marks.pop();
        for change in self.log.drain(mark.place..).rev() {
            match change {
                Change::Cell { cell, before, written, stamp } => {
                    self.cells[cell as usize] = Cell { value: before, written, stamp };
                }
                Change::Object { object, before, stamp } => {
                    self.heap[object as usize] = (before, stamp);
                }
            }
        }
    }

    /// What was written since the mark; then goes back to it.
    pub fn take(&mut self, mark: Mark) -> Delta {
        let delta = self.since(mark);
        self.undo(mark);
        delta
    }

    /// How many writes the log holds since the mark.
    pub fn size_since(&self, mark: Mark) -> usize {
        self.log.len() - mark.place
    }

    /// Goes on as after any one of several ways. Says whether that differs from now.
    pub fn join(&mut self, ways: &[Delta]) -> bool {
        if let [only] = ways {
            return self.follow(only);
        }
        let mut changed = false;
        let mut cells: Vec<u32> = ways.iter().flat_map(|w| w.cells.iter().map(|c| c.0)).collect();
        cells.sort_unstable();
        cells.dedup();
        for cell in cells {
            let (now, mut written) = (self.cells[cell as usize].value.clone(), self.written(cell));
            let mut joined: Option<Value> = None;
            for way in ways {
                let there = match way.cells.binary_search_by_key(&cell, |entry| entry.0) {
                    Ok(place) => {
                        written = written.max(way.cells[place].2);
                        way.cells[place].1.as_ref()
                    }
                    Err(_) => now.as_ref(),
                };
                joined = match (joined, there) {
                    (Some(joined), Some(there)) => Some(joined.join(there)),
                    (joined, there) => joined.or_else(|| there.cloned()),
                };
            }
            changed |= !same(now.as_ref(), joined.as_ref());
            self.replace(cell, joined, written);
        }
        changed | self.join_objects(ways)
    }

    fn join_objects(&mut self, ways: &[Delta]) -> bool {
        let mut changed = false;
        let mut objects: Vec<u32> =
            ways.iter().flat_map(|w| w.objects.iter().map(|o| o.0)).collect();
        objects.sort_unstable();
        objects.dedup();
        for object in objects {
            let now = Rc::clone(&self.heap[object as usize].0);
            let mut joined: Option<Rc<Object>> = None;
            for way in ways {
                let there = match way.objects.binary_search_by_key(&object, |entry| entry.0) {
                    Ok(place) => &way.objects[place].1,
                    Err(_) => &now,
                };
                joined = Some(match joined {
                    Some(joined) if Rc::ptr_eq(&joined, there) => joined,
                    Some(joined) => Rc::new(joined.join(there)),
                    None => Rc::clone(there),
                });
            }
            let Some(joined) = joined else { continue };
            changed |= !now.same(&joined);
            self.change(ObjectId(object), |object| object.clone_from(&joined));
        }
        changed
    }

    fn follow(&mut self, way: &Delta) -> bool {
        let mut changed = false;
        for (cell, value, written) in &way.cells {
            changed |= !same(self.cells[*cell as usize].value.as_ref(), value.as_ref());
            self.replace(*cell, value.clone(), *written);
        }
        for (object, there) in &way.objects {
            changed |= !self.heap[*object as usize].0.same(there);
            self.change(ObjectId(*object), |object| object.clone_from(there));
        }
        changed
    }

    /// Forgets the constants of all that a way wrote, where a loop does not come to rest.
    pub fn widen(&mut self, way: &Delta) {
        for (cell, ..) in &way.cells {
            if let Some(value) = self.cells[*cell as usize].value.as_ref().map(Value::widened) {
                self.write(*cell, Some(value));
            }
        }
        for (object, _) in &way.objects {
            self.change(ObjectId(*object), |object| {
                object.forget_order();
                object.rest = object.rest.as_ref().map(Value::widened);
                for field in object.fields.values_mut() {
                    *field = field.widened();
                }
            });
        }
    }
}

fn same(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.same(right),
        (None, None) => true,
        _ => false,
    }
}

impl Delta {
    /// Whether something says of a variable, or of where data in an object comes from, what was not
    /// known before.
    pub fn has_news(&self, state: &State) -> bool {
        let cells =
            self.cells.iter().any(|(cell, value, _)| !same(state.read(*cell), value.as_ref()));
        cells
            || self.objects.iter().any(|(object, after)| {
                // Of objects of a class, their attributes are known to the class.
                let before = state.object(ObjectId(*object));
                !matches!(before.kind, Kind::Instance(_)) && !before.labels().same(&after.labels())
            })
    }

    /// What was written of what was there before, and of what was made since.
    pub fn split(self, [cells, objects]: [u32; 2]) -> (Delta, Delta) {
        let (mut outer, mut inner) = (self, Delta::default());
        let cells = outer.cells.partition_point(|entry| entry.0 < cells);
        inner.cells = outer.cells.split_off(cells);
        let objects = outer.objects.partition_point(|entry| entry.0 < objects);
        inner.objects = outer.objects.split_off(objects);
        (outer, inner)
    }
}
