// The XML of single instances, kept with their records for as long as nothing that it shows has changed.

import AWSWire
import CloudTypes
import ControlPlane
import Synchronization

/// The records that instances are shown from.
struct FragmentSources {
    private let state: CloudState
    private let settings: CloudSettings
    /// Of the tables besides the instances' own.
    let stamps: [TableStamp]

    init(of state: CloudState, _ settings: CloudSettings) {
        (self.state, self.settings) = (state, settings)
        stamps = [
            state.volumes.stamp, state.networkInterfaces.stamp, state.addresses.stamp, state.securityGroups.stamp,
            state.vpcs.stamp, state.images.stamp,
        ]
    }

    /// The `item` element of the instance.
    func fragment(of instance: Versioned<InstanceRecord>) -> [UInt8] {
        if let kept = instance.derivation as? InstanceFragment {
            if kept.isKnown(for: stamps) { return kept.bytes }
            if kept.isMade(of: sources(of: instance.record)) {
                kept.know(stamps)
                return kept.bytes
            }
        }
        var xml = XMLWriter(capacity: 4_096)
        xml.open("item")
        EC2.Instance(instance.record, in: state, settings).write(to: &xml)
        xml.close("item")
        let fragment = InstanceFragment(xml.finish(), of: sources(of: instance.record), stamps)
        instance.derivation = fragment
        return fragment.bytes
    }

    /// Every record besides its own that the instance is shown from, always in the same order.
    private func sources(of instance: InstanceRecord) -> [InstanceFragment.Source] {
        let key = IndexKey(.instance, instance.id)
        var sources: [InstanceFragment.Source] = []
        sources.reserveCapacity(6)
        if let image = state.images.versioned(instance.image) { sources.append(image) }
        if let vpc = state.vpcs.versioned(instance.vpc) { sources.append(vpc) }
        sources += state.volumes.allVersioned(where: key)
        for interface in state.networkInterfaces.allVersioned(where: key) {
            sources.append(interface)
            sources += state.addresses.allVersioned(where: IndexKey(.interface, interface.record.id))
            sources += interface.record.groups.compactMap { state.securityGroups.versioned($0) }
        }
        return sources
    }
}

final class InstanceFragment: RecordDerivation {
    typealias Source = any AnyObject & Sendable
    let bytes: [UInt8]
    private let sources: [Source]
    /// The tables as of which the fragment is known to be right.
    private let known: Mutex<[TableStamp]>

    init(_ bytes: [UInt8], of sources: [Source], _ stamps: [TableStamp]) {
        // A copy of exact size: the writer's buffer has room to spare.
        self.bytes = bytes.withUnsafeBufferPointer { Array($0) }
        self.sources = sources
        known = Mutex(stamps)
    }

    func isKnown(for stamps: [TableStamp]) -> Bool { known.withLock { $0 == stamps } }
    func know(_ stamps: [TableStamp]) { known.withLock { $0 = stamps } }

    func isMade(of others: [Source]) -> Bool {
        sources.count == others.count && zip(sources, others).allSatisfy { $0 === $1 }
    }
}
