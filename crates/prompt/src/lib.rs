//! Turns a request into what a model is given, within a token budget.
