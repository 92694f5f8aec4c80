//! The tests of the crate: the examples of the rules, programs with marked lines, hostile programs.

mod alarms;
mod cases;
mod examples;
mod hostile;
mod javascript;
mod lower;
mod marks;
