// The part of CBOR (RFC 8949) that records use: what the bytes of a head mean.
//
// Integers, byte strings, text strings, arrays and maps of definite length, false, true, null, and floating point.
// No tags, no indefinite lengths. Map keys are text. Lengths and integers take the shortest head.

/// The three high bits of a head.
enum MajorType: UInt8 {
    case unsigned, negative, bytes, text, array, map, tag, simple
}

/// Heads of major type 7 that records use.
enum Simple {
    static let `false`: UInt8 = 0xF4
    static let `true`: UInt8 = 0xF5
    static let null: UInt8 = 0xF6
    static let half: UInt8 = 0xF9
    static let single: UInt8 = 0xFA
    static let double: UInt8 = 0xFB
}

/// How deep arrays and maps may nest, in both directions: what is written can be read.
let maximumDepth = 64
