//! Joins the partial answers of nodes into one answer, and finishes it.
