//! One object, or a part of it, on its way: what is asked for next, and what an answer has to look like.

use std::ops::Range;

use reqwest::header::{HeaderMap, HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use super::error::HttpError;
use super::head::{content_range, judge, strong_tag};

/// What is wanted of an object.
#[derive(Clone, Debug)]
pub enum Want<'a> {
    /// All of it, if that is at most so long, and not the one with this entity tag.
    All { most: u64, unless: Option<&'a str> },
    /// These bytes.
    Range(Range<u64>),
    /// So many bytes at its end.
    Tail(u64),
}

/// How far it is.
#[derive(Debug)]
pub struct Transfer<'a> {
    /// What is asked for, in full.
    pub url: String,
    want: Want<'a>,
    /// Where the next byte belongs in the object.
    pub at: u64,
    /// Where the last byte belongs, once that is known.
    pub end: Option<u64>,
    /// The entity tag of what came so far, where it is a strong one.
    pub tag: Option<String>,
    total: Option<u64>,
    begun: bool,
}

/// What an answer brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// Nothing: the asker has it already.
    Same,
    /// Bytes from [`Transfer::at`] on.
    Body,
}

impl<'a> Transfer<'a> {
    /// Nothing has come yet.
    pub fn new(url: String, want: Want<'a>) -> Self {
        let (at, end) = match &want {
            Want::Range(range) => (range.start, Some(range.end)),
            Want::All { .. } | Want::Tail(_) => (0, None),
        };
        Self { url, want, at, end, tag: None, total: None, begun: false }
    }

    /// The headers of the next request.
    pub fn headers(&self) -> Vec<(HeaderName, String)> {
        let mut headers = Vec::new();
        match (&self.want, self.resumed_from()) {
            (Want::All { .. }, Some(at)) => headers.push((RANGE, format!("bytes={at}-"))),
            (Want::All { unless, .. }, None) => {
                let unless = unless.filter(|_| !self.begun);
                headers.extend(unless.map(|tag| (IF_NONE_MATCH, tag.to_owned())));
            }
            (Want::Tail(len), None) => headers.push((RANGE, format!("bytes=-{len}"))),
            (Want::Range(_) | Want::Tail(_), _) => headers.push((RANGE, format!("bytes={}", self.rest()))),
        }
        if let (true, Some(tag)) = (self.begun, &self.tag) {
            headers.push((IF_RANGE, tag.clone()));
        }
        headers
    }

    /// Where a transfer goes on that was cut. All of an object is begun anew where nothing says that it is still the same.
    fn resumed_from(&self) -> Option<u64> {
        match self.want {
            Want::All { .. } => (self.begun && self.at > 0 && self.tag.is_some()).then_some(self.at),
            _ => self.begun.then_some(self.at),
        }
    }

    /// The bytes that are still to come, as headers name them.
    fn rest(&self) -> String {
        let last = self.end.map(|end| end.saturating_sub(1).to_string());
        format!("{}-{}", self.at, last.unwrap_or_default())
    }

    /// Looks at the head of an answer.
    ///
    /// # Errors
    /// [`HttpError`] when it is not what was asked for.
    pub fn accept(&mut self, response: &Response) -> Result<Head, HttpError> {
        judge(&self.url, response, "200 or 206")?;
        let (headers, len) = (response.headers(), response.content_length());
        match (response.status(), &self.want) {
            (StatusCode::NOT_MODIFIED, Want::All { unless: Some(_), .. }) if !self.begun => {
                return Ok(Head::Same);
            }
            (StatusCode::PARTIAL_CONTENT, Want::All { .. }) if self.resumed_from().is_none() => {
                return Err(HttpError::status(&self.url, response.status(), "200"));
            }
            (StatusCode::PARTIAL_CONTENT, _) => self.accept_part(headers, len)?,
            (StatusCode::OK, _) => self.accept_whole(headers, len)?,
            (status, _) => return Err(HttpError::status(&self.url, status, "200 or 206")),
        }
        self.begun = true;
        Ok(Head::Body)
    }

    fn accept_part(&mut self, headers: &HeaderMap, len: Option<u64>) -> Result<(), HttpError> {
        let expected = match self.want {
            Want::Tail(len) if !self.begun => format!("the last {len} bytes"),
            _ => format!("bytes {}", self.rest()),
        };
        let part = content_range(&self.url, headers, &expected)?;
        let fits = match self.want {
            Want::Tail(len) if !self.begun => {
                part.total.is_some_and(|total| part.bytes == (total.saturating_sub(len)..total))
            }
            _ => {
                let end = self.end.or(self.total).or(part.total);
                part.bytes.start == self.at && Some(part.bytes.end) == end
            }
        };
        let same_total = self.total.is_none() || part.total.is_none() || self.total == part.total;
        let total = part.total.map_or_else(|| "*".into(), |total| total.to_string());
        let found = || format!("bytes {}-{}/{total}", part.bytes.start, part.bytes.end - 1);
        if !fits || !same_total || len.is_some_and(|len| len != part.bytes.end - part.bytes.start) {
            return Err(HttpError::Range { url: self.url.clone(), expected, found: found() });
        }
        self.keep_tag(headers)?;
        self.total = self.total.or(part.total);
        (self.at, self.end) = (part.bytes.start, Some(part.bytes.end));
        self.check_most(self.end)
    }

    fn accept_whole(&mut self, headers: &HeaderMap, len: Option<u64>) -> Result<(), HttpError> {
        match self.want {
            Want::All { .. } => {
                self.check_most(len)?;
                (self.at, self.end, self.total) = (0, len, len);
                self.tag = strong_tag(headers);
                return Ok(());
            }
            // Whoever asks for all the bytes by their numbers may get them without.
            Want::Range(ref range)
                if range.start == 0 && !self.begun && len.is_none_or(|len| len == range.end) => {}
            Want::Tail(most) if !self.begun && len.is_some_and(|len| len <= most) => self.end = len,
            _ => {
                self.keep_tag(headers)?;
                let (expected, found) = (format!("bytes {}", self.rest()), "all of it".into());
                return Err(HttpError::Range { url: self.url.clone(), expected, found });
            }
        }
        self.keep_tag(headers)?;
        self.total = len;
        Ok(())
    }

    /// Sees that the object is the one of which the beginning came.
    fn keep_tag(&mut self, headers: &HeaderMap) -> Result<(), HttpError> {
        let found = strong_tag(headers);
        if !self.begun {
            self.tag = found;
            return Ok(());
        }
        if self.tag == found {
            return Ok(());
        }
        let shown = |tag: Option<String>| tag.unwrap_or_else(|| "none".into());
        let (expected, found) = (shown(self.tag.take()), shown(found));
        Err(HttpError::Changed { url: self.url.clone(), expected, found })
    }

    fn check_most(&self, len: Option<u64>) -> Result<(), HttpError> {
        match self.want {
            Want::All { most, .. } if len.is_some_and(|len| len > most) => {
                Err(HttpError::Long { url: self.url.clone(), most })
            }
            _ => Ok(()),
        }
    }

    /// How many more bytes can be.
    pub fn room(&self) -> u64 {
        let end = match (self.end, &self.want) {
            (Some(end), _) => end,
            (None, Want::All { most, .. }) => *most,
            (None, _) => self.at,
        };
        end.saturating_sub(self.at)
    }

    /// What to make of a body that ended.
    ///
    /// # Errors
    /// [`HttpError::Short`] when it ended early.
    pub fn ended(&self) -> Result<(), HttpError> {
        match self.end {
            Some(end) if self.at < end => Err(self.short()),
            _ => Ok(()),
        }
    }

    /// What to say when more came than can be; whoever wants a part has it, and the rest is cut.
    ///
    /// # Errors
    /// [`HttpError::Long`] for an object without a length.
    pub fn overflow(&self) -> Result<(), HttpError> {
        match self.want {
            Want::All { most, .. } => Err(HttpError::Long { url: self.url.clone(), most }),
            _ => Ok(()),
        }
    }

    fn short(&self) -> HttpError {
        let expected = self.end.map_or_else(|| "more".into(), |end| end.to_string());
        HttpError::Short { url: self.url.clone(), at: self.at, expected }
    }
}
