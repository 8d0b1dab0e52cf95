//! `admind`, the local HTTPS page.
