//! Tests of the call machine: every row of the table, and what must never happen.
