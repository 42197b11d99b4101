// How QEMU is used on this host; all that an operator may change.

/// How a guest's instructions are carried out.
package enum Acceleration: String, Sendable, Codable, CaseIterable {
    /// By the processor itself.
    case kvm
    /// By translation: correct everywhere, slow, and no security boundary.
    case tcg
}

package struct QEMUConfiguration: Sendable {
    /// Holds `guests/`; must exist. Nobody but us need be able to enter it.
    package var stateDirectory: String
    package var binary = "qemu-system-x86_64"
    /// Guests' user and group ids: one each, counted from here.
    package var firstUserID: UInt32 = 200_000
    package var userIDCount: UInt32 = 65_536
    /// Under emulation a second virtual processor makes a guest slower (boot 5.6 s instead of 4.7 s), since both
    /// contend for translated code: guests get at most this many, whatever their type says. With KVM no limit applies.
    package var emulatedProcessorLimit = 1
    /// The translated code that QEMU keeps of an emulated guest; its own default lets 512 MiB guests grow to 1.1 GiB.
    package var translationBufferMiB = 64
    /// Where the host bounds guests' use of its processors; nil: they are not bounded.
    package var processorGroups = try? ProcessorGroups.find()
    /// Where the host's devices are told.
    package var sysfsRoot = "/sys"
    /// Free slots for volumes and interfaces attached to a running guest.
    package var spareSlots = 8
    /// Where `OVMF_CODE_4M.fd` and `OVMF_VARS_4M.fd` lie, for guests that want UEFI.
    package var uefiDirectory = "/usr/share/OVMF"
    /// The kernel that the canary boots, asked for when needed; nil while there is none.
    package var canaryKernel: @Sendable () -> String? = { nil }
    /// The operator's choice instead of the canary's finding.
    package var acceleration: Acceleration?

    package init(stateDirectory: String) { self.stateDirectory = stateDirectory }

    /// Commands that must be on the search path.
    package static let requiredCommands = ["qemu-system-x86_64", "unshare", "prlimit", "setpriv"]
}
