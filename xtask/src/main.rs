#![allow(dead_code)]
mod cargo;
mod cli;
mod disk;
mod interrupt;
mod manifest;
mod record;
mod shell;
mod text;
fn main() {}
