//! Who may do what, as one readable table. It decides; it knows nothing of how a request is carried out.
