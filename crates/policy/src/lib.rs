//! Settings in layers, boundaries, and the decision over a report.
