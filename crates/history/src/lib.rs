//! Bounded columnar history and the execution of queries on it.
