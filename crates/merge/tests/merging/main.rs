//! The merge, seen from outside: nodes' answers in, what is shown out.

mod coverage;
mod maps;
mod node;
mod pairs;
mod rates;
mod rows;
mod shapes;
mod split;
mod translated;
