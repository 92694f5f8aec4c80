//! The words of the product as plain data: requests, snapshots, edits, findings, reports.
