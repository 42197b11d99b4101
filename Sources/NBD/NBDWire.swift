// The numbers of the NBD protocol: magic words, options, commands, flags and reply kinds that we speak.
// Source: "The NBD protocol", NetworkBlockDevice project, doc/proto.md; fixed newstyle negotiation.

enum NBDWire {
    static let greeting: UInt64 = 0x4e42_444d_4147_4943
    static let optionMagic: UInt64 = 0x4948_4156_454f_5054
    static let optionReplyMagic: UInt64 = 0x0003_e889_0455_65a9
    static let requestMagic: UInt32 = 0x2560_9513
    static let simpleReplyMagic: UInt32 = 0x6744_6698
    static let structuredReplyMagic: UInt32 = 0x668e_33ef

    /// Handshake flags: fixed newstyle, no zeroes after the export's facts; the client's have the same bits.
    static let fixedNewstyle: UInt16 = 1 << 0
    static let noZeroes: UInt16 = 1 << 1

    /// A command's flag: a block status tells the first run alone.
    static let oneExtent: UInt16 = 1 << 3

    /// The longest payload either side takes in one message, in bytes: what QEMU allows.
    static let maximumPayload = 32 << 20
    /// The longest option, string or error text that a peer may send, in bytes.
    static let maximumOption = 64 << 10
}

/// What a client may ask for before transmission.
struct NBDOption: RawRepresentable, Equatable {
    let rawValue: UInt32
    static let exportName = NBDOption(rawValue: 1)
    static let abort = NBDOption(rawValue: 2)
    static let list = NBDOption(rawValue: 3)
    static let info = NBDOption(rawValue: 6)
    static let go = NBDOption(rawValue: 7)
    static let structuredReply = NBDOption(rawValue: 8)
    static let setMetaContext = NBDOption(rawValue: 10)
}

struct NBDOptionReply: RawRepresentable, Equatable {
    let rawValue: UInt32
    static let acknowledged = NBDOptionReply(rawValue: 1)
    static let server = NBDOptionReply(rawValue: 2)
    static let info = NBDOptionReply(rawValue: 3)
    static let metaContext = NBDOptionReply(rawValue: 4)
    static let unsupported = NBDOptionReply(rawValue: 1 << 31 | 1)
    static let invalid = NBDOptionReply(rawValue: 1 << 31 | 3)
    static let unknownExport = NBDOptionReply(rawValue: 1 << 31 | 6)
    var isError: Bool { rawValue & 1 << 31 != 0 }
}

enum NBDInfo {
    static let export: UInt16 = 0
    static let blockSize: UInt16 = 3
}

struct NBDCommand: RawRepresentable, Equatable {
    let rawValue: UInt16
    static let read = NBDCommand(rawValue: 0)
    static let write = NBDCommand(rawValue: 1)
    static let disconnect = NBDCommand(rawValue: 2)
    static let flush = NBDCommand(rawValue: 3)
    static let blockStatus = NBDCommand(rawValue: 7)
}

/// What a server says of its export.
struct NBDTransmissionFlags: OptionSet {
    let rawValue: UInt16
    static let hasFlags = NBDTransmissionFlags(rawValue: 1 << 0)
    static let readOnly = NBDTransmissionFlags(rawValue: 1 << 1)
    static let sendsFlush = NBDTransmissionFlags(rawValue: 1 << 2)
    static let allowsManyConnections = NBDTransmissionFlags(rawValue: 1 << 8)
}

struct NBDChunk: RawRepresentable, Equatable {
    let rawValue: UInt16
    static let none = NBDChunk(rawValue: 0)
    static let data = NBDChunk(rawValue: 1)
    static let hole = NBDChunk(rawValue: 2)
    static let blockStatus = NBDChunk(rawValue: 5)
    static let error = NBDChunk(rawValue: 1 << 15 | 1)
    static let errorAtOffset = NBDChunk(rawValue: 1 << 15 | 2)
    static let lastFlag: UInt16 = 1 << 0
    var isError: Bool { rawValue & 1 << 15 != 0 }
}

/// A run of bytes of which a meta context says the same.
package struct NBDExtent: Sendable, Equatable {
    package var length: Int
    /// For `base:allocation`: bit 0, a hole; bit 1, reads as zeroes. For `qemu:dirty-bitmap:…`: bit 0, dirty.
    package var flags: UInt32
    package init(length: Int, flags: UInt32) { (self.length, self.flags) = (length, flags) }

    /// Of `base:allocation`.
    package var readsAsZeroes: Bool { flags & 0b10 != 0 }
    /// Of a dirty bitmap.
    package var isDirty: Bool { flags & 0b1 != 0 }
}

package enum NBDError: Error, Equatable, Sendable {
    /// The peer hung up, or a system call on the socket failed.
    case closed(String)
    /// The peer did not answer in time.
    case timedOut
    /// The peer said what the protocol does not allow.
    case malformed(String)
    /// The server has no such export, context or option; the text is its own.
    case refused(String)
    /// The server could not do the command: an error number of the protocol (those of Linux).
    case failed(Int32)
}
