//! Models behind one trait: the embedded engine, and servers.
