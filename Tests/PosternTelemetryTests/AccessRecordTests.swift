import Foundation
import Testing

@testable import PosternTelemetry

@Suite struct AccessRecordTests {
    /// The line that a record becomes, with text borrowed for the call as the gateway borrows it.
    private func write(_ texts: [String] = [], _ fill: (inout AccessRecord, [UnsafeRawBufferPointer]) -> Void) throws
        -> [UInt8]
    {
        let directory = TemporaryDirectory()
        let writer = try LogWriter(.file(directory.file("log")))
        let buffer = LogBuffer(writer: writer)
        let copies = texts.map { text in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(text.utf8.count, 1), alignment: 1)
            copy.copyBytes(from: text.utf8)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        var record = AccessRecord()
        fill(&record, zip(copies, texts).map { UnsafeRawBufferPointer(rebasing: $0.0.prefix($0.1.utf8.count)) })
        record.write(into: buffer)
        #expect(buffer.isDirty)
        buffer.flush()
        #expect(!buffer.isDirty)
        #expect(writer.close(within: .seconds(20)))
        return try contents(directory.file("log"))
    }

    @Test func absentValuesAreLeftOut() throws {
        let bytes = try write { record, _ in record.epochNanoseconds = 1_775_738_096_789_000_000 }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"time":"2026-04-09T12:34:56.789Z","requestLength":0,"responseLength":0,"responseLatency":0.000}"#
                + "\n")
    }

    @Test func theUnixPeerIsThereWithWhatIsKnownOfIt() throws {
        let bytes = try write(["orders", "web", "orders.service"]) { record, text in
            var peer = AccessRecord.UnixPeer(uid: 0, gid: 4_294_967_294, pid: 77)
            peer.user = text[0]
            peer.group = text[1]
            peer.unit = text[2]
            record.unixPeer = peer
        }
        #expect(
            String(decoding: bytes, as: UTF8.self).contains(
                #""unixUid":0,"unixGid":4294967294,"unixPid":77,"unixUser":"orders","unixGroup":"web","#
                    + #""systemdUnit":"orders.service","#))
        let nameless = try write { record, _ in record.unixPeer = AccessRecord.UnixPeer(uid: 7, gid: 8, pid: 0) }
        let text = String(decoding: nameless, as: UTF8.self)
        #expect(text.contains(#""unixUid":7,"unixGid":8,"unixPid":0,"requestLength""#))
    }

    @Test func everyFieldHasItsName() throws {
        let texts = [
            "d1f1c3a0-0000-4000-8000-000000000000", "AbCdEfGhIjKlMno=", "vpce-mesh", "vpc-core", "10.0.0.7", "GET",
            "/prod/order/7", "HTTP/1.1", "shop.local", "curl/8", "shop", "prod", "/order/{id}", "DenyOutside",
            "NotIpAddress aws:SourceIp", "10.9.9.9", "ACCESS_DENIED", "explicit deny", "127.0.0.1:9001",
        ]
        let bytes = try write(texts) { record, text in
            record.requestID = text[0]
            record.extendedRequestID = text[1]
            record.endpointID = text[2]
            record.vpcID = text[3]
            record.sourceIP = text[4]
            record.method = text[5]
            record.path = text[6]
            record.protocolName = text[7]
            record.host = text[8]
            record.userAgent = text[9]
            record.apiID = text[10]
            record.stage = text[11]
            record.resourcePath = text[12]
            record.policyStatement = text[13]
            record.policyCondition = text[14]
            record.policyValue = text[15]
            record.refusal = text[16]
            record.refusalReason = text[17]
            record.upstream = text[18]
            record.connectionID = 12
            record.sourcePort = 50_000
            record.hasQuery = true
            record.status = 403
            record.requestBytes = 5
            record.responseBytes = 23
            record.latencyNanoseconds = 1_234_567
            record.decision = .explicitDeny
            record.integrationStatus = 502
            record.integrationNanoseconds = 0
            record.retries = 1
            record.abort = .upstream
        }
        let object = try #require(try objects(bytes).first)
        let expected: [String: String] = [
            "time": "1970-01-01T00:00:00.000Z", "requestId": texts[0], "extendedRequestId": texts[1],
            "vpceId": texts[2], "vpcId": texts[3], "sourceIp": texts[4], "httpMethod": texts[5], "path": texts[6],
            "protocol": texts[7], "domainName": texts[8], "userAgent": texts[9], "apiId": texts[10], "stage": texts[11],
            "resourcePath": texts[12], "policyStatement": texts[13], "policyCondition": texts[14],
            "policyValue": texts[15], "errorResponseType": texts[16], "errorReason": texts[17], "upstream": texts[18],
            "decision": "explicitDeny", "abortedBy": "upstream",
        ]
        for (name, value) in expected { #expect(object[name] as? String == value, "\(name)") }
        let numbers: [String: Double] = [
            "connectionId": 12, "sourcePort": 50_000, "status": 403, "requestLength": 5, "responseLength": 23,
            "responseLatency": 1.234, "integrationStatus": 502, "integrationLatency": 0, "retryCount": 1,
        ]
        for (name, value) in numbers { #expect(object[name] as? Double == value, "\(name)") }
        #expect(object["queryPresent"] as? Bool == true)
        #expect(object.count == expected.count + numbers.count + 1)
    }

    @Test func aHostileRequestStaysOneObjectOnOneLine() throws {
        let nasty = String(repeating: "\u{1}\"\\\n", count: 2000)
        let bytes = try write([nasty]) { record, text in
            record.path = text[0]
            record.host = text[0]
            record.userAgent = text[0]
            record.policyValue = text[0]
            record.status = 403
            record.decision = .implicitDeny
        }
        let all = try objects(bytes)
        #expect(all.count == 1)
        #expect(all.first?["decision"] as? String == "implicitDeny")
        #expect(all.first?["status"] as? Int == 403)
        #expect(bytes.count <= LogChunk.mostRecordBytes)
    }
}
