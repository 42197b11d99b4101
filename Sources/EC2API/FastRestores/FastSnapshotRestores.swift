// Fast snapshot restore, asked for by snapshots and zones: each pair is answered by itself.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `EnableFastSnapshotRestores`
enum EnableFastSnapshotRestores: RecordAction {
    typealias Operation = EC2.Operation.EnableFastSnapshotRestores

    static func perform(
        _ input: EC2.EnableFastSnapshotRestoresRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.EnableFastSnapshotRestoresResult {
        let pairs = try FastRestorePairs(
            snapshots: input.sourceSnapshotIDs, zones: input.availabilityZones, zoneIDs: input.availabilityZoneIDs,
            in: transaction.settings)
        var result = EC2.EnableFastSnapshotRestoresResult()
        for snapshot in pairs.snapshots {
            var errors: [EC2.EnableFastSnapshotRestoreStateErrorItem] = []
            for zone in pairs.zones {
                do throws(EC2Error) {
                    let shown = ShownFastRestore(try transaction.enableFastRestore(snapshot, in: zone), transaction)
                    result.successful.append(shown.enabled)
                } catch {
                    errors.append(
                        EC2.EnableFastSnapshotRestoreStateErrorItem(
                            availabilityZone: zone, availabilityZoneID: transaction.settings.zoneID(ofZone: zone),
                            error: .init(code: error.code, message: error.message)))
                }
            }
            guard !errors.isEmpty else { continue }
            result.unsuccessful.append(
                .init(snapshotID: snapshot.description, fastSnapshotRestoreStateErrors: errors))
        }
        return result
    }
}

/// `DisableFastSnapshotRestores`
enum DisableFastSnapshotRestores: RecordAction {
    typealias Operation = EC2.Operation.DisableFastSnapshotRestores

    static func perform(
        _ input: EC2.DisableFastSnapshotRestoresRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DisableFastSnapshotRestoresResult {
        let pairs = try FastRestorePairs(
            snapshots: input.sourceSnapshotIDs, zones: input.availabilityZones, zoneIDs: input.availabilityZoneIDs,
            in: transaction.settings)
        var result = EC2.DisableFastSnapshotRestoresResult()
        for snapshot in pairs.snapshots {
            var errors: [EC2.DisableFastSnapshotRestoreStateErrorItem] = []
            for zone in pairs.zones {
                do throws(EC2Error) {
                    let shown = ShownFastRestore(try transaction.disableFastRestore(snapshot, in: zone), transaction)
                    result.successful.append(shown.disabled)
                } catch {
                    errors.append(
                        EC2.DisableFastSnapshotRestoreStateErrorItem(
                            availabilityZone: zone, availabilityZoneID: transaction.settings.zoneID(ofZone: zone),
                            error: .init(code: error.code, message: error.message)))
                }
            }
            guard !errors.isEmpty else { continue }
            result.unsuccessful.append(
                .init(snapshotID: snapshot.description, fastSnapshotRestoreStateErrors: errors))
        }
        return result
    }
}

/// `DescribeFastSnapshotRestores`: those that the caller asked for, one that was disabled for an hour.
enum DescribeFastSnapshotRestores: RecordAction {
    typealias Operation = EC2.Operation.DescribeFastSnapshotRestores

    static func perform(
        _ input: EC2.DescribeFastSnapshotRestoresRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeFastSnapshotRestoresResult {
        let (state, settings) = (transaction.state, transaction.settings)
        let own = state.fastRestores.all(of: transaction.account).sorted { $0.id < $1.id }
        let page = try Pagination.page(
            filters(settings).select(own, by: input.filters, in: state), for: input, key: \.id)
        return EC2.DescribeFastSnapshotRestoresResult(
            fastSnapshotRestores: page.items.map { ShownFastRestore($0, transaction).described },
            nextToken: page.nextToken)
    }

    private static func filters(_ settings: CloudSettings) -> FilterTable<FastRestoreRecord> {
        FilterTable([
            "availability-zone": { record, _ in [record.availabilityZone] },
            "availability-zone-id": { record, _ in
                settings.zoneID(ofZone: record.availabilityZone).map { [$0] } ?? []
            },
            "owner-id": { record, _ in [record.account.description] },
            "snapshot-id": { record, _ in [record.snapshot.description] },
            "state": { record, _ in [record.state.rawValue] },
        ])
    }
}

/// Every snapshot in every zone that a request names.
private struct FastRestorePairs {
    let snapshots: [SnapshotID]
    private(set) var zones: [String] = []

    private static let mostValues = 10

    /// - Throws: `MissingParameter`, `InvalidParameterCombination`, `InvalidParameterValue`, `InvalidRequest` for too
    ///   many, `InvalidSnapshotID.Malformed`.
    init(
        snapshots: [String], zones names: [String], zoneIDs: [String], in settings: CloudSettings
    ) throws(EC2Error) {
        for (name, values) in [
            ("SourceSnapshotIds", snapshots), ("AvailabilityZones", names), ("AvailabilityZoneIds", zoneIDs),
        ] where values.count > FastRestorePairs.mostValues {
            throw EC2Error(
                "InvalidRequest",
                "Number of values of parameter \(name) must be less than or equal to \(FastRestorePairs.mostValues).")
        }
        guard !names.isEmpty || !zoneIDs.isEmpty else { throw .missingParameter("AvailabilityZone") }
        guard names.isEmpty || zoneIDs.isEmpty else {
            throw .invalidParameterCombination(
                "Specify either 'AvailabilityZone' or 'AvailabilityZoneId', but not both.")
        }
        self.snapshots = try Lookup.ids(snapshots, SnapshotKind.self)
        for text in names.isEmpty ? zoneIDs : names {
            let zone = try PlacementText.zone(
                name: names.isEmpty ? nil : text, id: names.isEmpty ? text : nil, in: settings)
            guard let zone else { throw .invalidParameterValue("Invalid availability zone: [\(text)]") }
            if !zones.contains(zone) { zones.append(zone) }
        }
    }
}

/// One as each of the three actions shows it.
private struct ShownFastRestore {
    private let record: FastRestoreRecord
    private let zoneID: String?
    private let ownerAlias: String?

    init(_ record: FastRestoreRecord, _ transaction: Transaction) {
        self.record = record
        zoneID = transaction.settings.zoneID(ofZone: record.availabilityZone)
        ownerAlias = transaction.state.accounts[record.account]?.ownerAlias
    }

    private var state: EC2.FastSnapshotRestoreStateCode? { .init(rawValue: record.state.rawValue) }

    private var reason: String {
        switch record.state {
        case .enabling, .disabling: "Client.UserInitiated"
        case .optimizing, .enabled, .disabled: "Client.UserInitiated - Lifecycle state transition"
        }
    }

    var enabled: EC2.EnableFastSnapshotRestoreSuccessItem {
        .init(
            snapshotID: record.snapshot.description, availabilityZone: record.availabilityZone,
            availabilityZoneID: zoneID, state: state, stateTransitionReason: reason,
            ownerID: record.account.description, ownerAlias: ownerAlias, enablingTime: record.time(of: .enabling),
            optimizingTime: record.time(of: .optimizing), enabledTime: record.time(of: .enabled),
            disablingTime: record.time(of: .disabling), disabledTime: record.time(of: .disabled))
    }

    var disabled: EC2.DisableFastSnapshotRestoreSuccessItem {
        .init(
            snapshotID: record.snapshot.description, availabilityZone: record.availabilityZone,
            availabilityZoneID: zoneID, state: state, stateTransitionReason: reason,
            ownerID: record.account.description, ownerAlias: ownerAlias, enablingTime: record.time(of: .enabling),
            optimizingTime: record.time(of: .optimizing), enabledTime: record.time(of: .enabled),
            disablingTime: record.time(of: .disabling), disabledTime: record.time(of: .disabled))
    }

    var described: EC2.DescribeFastSnapshotRestoreSuccessItem {
        .init(
            snapshotID: record.snapshot.description, availabilityZone: record.availabilityZone,
            availabilityZoneID: zoneID, state: state, stateTransitionReason: reason,
            ownerID: record.account.description, ownerAlias: ownerAlias, enablingTime: record.time(of: .enabling),
            optimizingTime: record.time(of: .optimizing), enabledTime: record.time(of: .enabled),
            disablingTime: record.time(of: .disabling), disabledTime: record.time(of: .disabled))
    }
}
