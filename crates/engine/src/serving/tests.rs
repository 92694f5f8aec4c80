//! Steps of the scheduler, one by one.
