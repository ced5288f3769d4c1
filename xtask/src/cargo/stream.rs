//! What a child says, to its end: not to that of whoever else holds its pipe.
//!
//! Invariant: all that stood in the pipe when the child ended is read, and a daemon that has inherited it holds
//! nothing up.

#[cfg(unix)]
pub(super) use of_unix::Bell;

#[cfg(unix)]
mod of_unix {
    use std::{
        io::{self, PipeReader, PipeWriter, Read},
        os::fd::AsFd,
        time::{Duration, Instant},
    };

    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        io::{ioctl_fionread, retry_on_intr},
    };

    use crate::interrupt;

    /// What else may be said once the child has ended: by a child of its own that ends in the same moment. Of
    /// cargo's own there is nothing more, since a process has written before it ends.
    const LAST_WORDS: Duration = Duration::from_millis(200);

    /// Tells the streams of a child that it has ended, by being dropped.
    pub(crate) struct Bell {
        _ringer: PipeWriter,
        heard: PipeReader,
    }

    impl Bell {
        pub(crate) fn new() -> io::Result<Self> {
            let (heard, ringer) = io::pipe()?;
            Ok(Self { _ringer: ringer, heard })
        }

        pub(crate) fn stream<S>(&self, stream: S) -> io::Result<Stream<S>> {
            Ok(Stream { stream, bell: self.heard.try_clone()?, ended: None })
        }
    }

    /// A pipe of a child.
    pub(crate) struct Stream<S> {
        stream: S,
        bell: PipeReader,
        /// Once the child has ended: when to stop, and the bytes that are read however late it is.
        ended: Option<(Instant, u64)>,
    }

    impl<S: Read + AsFd> Read for Stream<S> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            loop {
                let left = match self.ended {
                    Some((until, 0)) => Some(until.saturating_duration_since(Instant::now())),
                    _ => None,
                };
                if left.is_some_and(|left| left.is_zero()) {
                    return Ok(0);
                }
                let left = left.and_then(|left| Timespec::try_from(left).ok());
                let both = &mut [
                    PollFd::new(&self.stream, PollFlags::IN),
                    PollFd::new(&self.bell, PollFlags::IN),
                ];
                let watched = if self.ended.is_some() { &mut both[..1] } else { &mut both[..] };
                retry_on_intr(|| poll(watched, left.as_ref()))?;
                let speaks = !both[0].revents().is_empty();
                let rings = !both[1].revents().is_empty();
                if rings && self.ended.is_none() {
                    // After an interrupt what is left of its group may still take its time.
                    let patience = if interrupt::is_interrupted() {
                        interrupt::GRACE + LAST_WORDS
                    } else {
                        LAST_WORDS
                    };
                    let owed = ioctl_fionread(&self.stream)?;
                    self.ended = Some((Instant::now() + patience, owed));
                }
                if speaks {
                    let count = self.stream.read(buffer)?;
                    if let Some((_, owed)) = &mut self.ended {
                        *owed = owed.saturating_sub(count as u64);
                    }
                    return Ok(count);
                }
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use std::io::Write as _;

        use super::*;

        #[test]
        fn what_stood_in_the_pipe_is_read_although_somebody_holds_it_open() {
            let (reader, mut holder) = io::pipe().unwrap();
            let bell = Bell::new().unwrap();
            let mut stream = bell.stream(reader).unwrap();
            holder.write_all(&[b'x'; 50_000]).unwrap();
            drop(bell);
            let mut text = Vec::new();
            stream.read_to_end(&mut text).unwrap();
            assert_eq!(text, [b'x'; 50_000]);
            drop(holder);
        }

        #[test]
        fn somebody_who_goes_on_to_speak_does_not_hold_it_up() {
            let (reader, mut chatter) = io::pipe().unwrap();
            let bell = Bell::new().unwrap();
            let mut stream = bell.stream(reader).unwrap();
            chatter.write_all(b"the child's own\n").unwrap();
            drop(bell);
            let speaking =
                std::thread::spawn(move || while chatter.write_all(b"more\n").is_ok() {});
            let mut text = Vec::new();
            stream.read_to_end(&mut text).unwrap();
            assert!(text.starts_with(b"the child's own\n"));
            drop(stream);
            speaking.join().unwrap();
        }

        #[test]
        fn a_pipe_that_all_have_closed_ends_before_the_child() {
            let (reader, writer) = io::pipe().unwrap();
            let bell = Bell::new().unwrap();
            let mut stream = bell.stream(reader).unwrap();
            drop(writer);
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
            drop(bell);
        }
    }
}
