//! Call control, user and network side: it acts on parsed messages and deliberately never touches octets.
