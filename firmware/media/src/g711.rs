//! G.711 A-law and µ-law: encode, decode, transcode (ITU-T G.711 tables 1 and 2).
//!
//! Transcoding goes through the decoded value to the nearest value of the other law; the
//! octet-to-octet tables 3 and 4 of G.711, which differ in a few places, are not used.

/// Which of the two G.711 laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law, static RTP payload type 8 (China, Europe).
    A,
    /// µ-law, static RTP payload type 0 (North America, Japan).
    Mu,
}

impl Law {
    /// The static RTP payload type (RFC 3551 table 4).
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Law::A => 8,
            Law::Mu => 0,
        }
    }

    /// The law of a static RTP payload type, if it is one of the two.
    #[must_use]
    pub const fn of_payload_type(payload_type: u8) -> Option<Law> {
        match payload_type {
            8 => Some(Law::A),
            0 => Some(Law::Mu),
            _ => None,
        }
    }

    /// The octet of silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Law::A => 0xD5,
            Law::Mu => 0xFF,
        }
    }

    /// Decodes one octet to a 16-bit sample.
    #[inline]
    #[must_use]
    pub const fn decode(self, octet: u8) -> i16 {
        match self {
            Law::A => A_DECODE[octet as usize],
            Law::Mu => MU_DECODE[octet as usize],
        }
    }

    /// Encodes one 16-bit sample.
    #[inline]
    #[must_use]
    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            Law::A => encode_a(sample),
            Law::Mu => encode_mu(sample),
        }
    }

    /// Decodes as many octets as both slices hold.
    pub fn decode_into(self, octets: &[u8], samples: &mut [i16]) {
        let table = match self {
            Law::A => &A_DECODE,
            Law::Mu => &MU_DECODE,
        };
        for (sample, octet) in samples.iter_mut().zip(octets) {
            *sample = table[usize::from(*octet)];
        }
    }

    /// Encodes as many samples as both slices hold.
    pub fn encode_into(self, samples: &[i16], octets: &mut [u8]) {
        for (octet, sample) in octets.iter_mut().zip(samples) {
            *octet = self.encode(*sample);
        }
    }
}

/// Changes octets of one law into the other, in place; nothing happens when they are the same.
pub fn transcode(from: Law, to: Law, octets: &mut [u8]) {
    let table = match (from, to) {
        (Law::A, Law::A) | (Law::Mu, Law::Mu) => return,
        (Law::A, Law::Mu) => &A_TO_MU,
        (Law::Mu, Law::A) => &MU_TO_A,
    };
    for octet in octets {
        *octet = table[usize::from(*octet)];
    }
}

static A_DECODE: [i16; 256] = decode_table(Law::A);
static MU_DECODE: [i16; 256] = decode_table(Law::Mu);
static A_TO_MU: [u8; 256] = transcode_table(Law::A);
static MU_TO_A: [u8; 256] = transcode_table(Law::Mu);

const fn decode_table(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = match law {
            Law::A => decode_a(octet as u8),
            Law::Mu => decode_mu(octet as u8),
        };
        octet += 1;
    }
    table
}

const fn transcode_table(from: Law) -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = match from {
            Law::A => encode_mu(decode_a(octet as u8)),
            Law::Mu => encode_a(decode_mu(octet as u8)),
        };
        octet += 1;
    }
    table
}

/// Even bits are inverted on the line (G.711 table 1, note 2).
const A_LINE_MASK: u8 = 0x55;

const fn decode_a(octet: u8) -> i16 {
    let code = octet ^ A_LINE_MASK;
    let segment = (code >> 4) & 7;
    let step = (code & 15) as i16;
    let magnitude = if segment == 0 { (step << 4) + 8 } else { ((step << 4) + 0x108) << (segment - 1) };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

const fn encode_a(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 { (0, !sample) } else { (0x80, sample) };
    let level = (magnitude >> 4) as u16;
    let code = if level < 16 {
        level as u8
    } else {
        let exponent = 15 - level.leading_zeros();
        let segment = (exponent - 3) as u8;
        (segment << 4) | ((level >> (exponent - 4)) & 15) as u8
    };
    (sign | code) ^ A_LINE_MASK
}

/// The offset that makes µ-law segments powers of two, on the 16-bit scale.
const MU_BIAS: i16 = 0x84;
const MU_CLIP: i16 = 32_635;

const fn decode_mu(octet: u8) -> i16 {
    let code = !octet;
    let segment = (code >> 4) & 7;
    let magnitude = ((((code & 15) as i16) << 3) + MU_BIAS) << segment;
    if code & 0x80 == 0 { magnitude - MU_BIAS } else { MU_BIAS - magnitude }
}

const fn encode_mu(sample: i16) -> u8 {
    let (sign, magnitude) =
        if sample < 0 { (0x80u8, if sample == i16::MIN { i16::MAX } else { -sample }) } else { (0, sample) };
    let clipped = if magnitude > MU_CLIP { MU_CLIP } else { magnitude };
    let biased = (clipped + MU_BIAS) as u16;
    let exponent = 15 - biased.leading_zeros();
    let segment = (exponent - 7) as u8;
    let step = ((biased >> (exponent - 4)) & 15) as u8;
    !(sign | (segment << 4) | step)
}

#[cfg(test)]
mod tests;
