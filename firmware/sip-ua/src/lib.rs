//! sip-ua
