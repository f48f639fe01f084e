import Testing

@testable import PosternHTTP

@Suite struct HeldPlaceTests {
    private let identity = FileIdentity(device: 26, inode: 1873, modified: 1_765_432_100_000_000_001)

    @Test func `every place is read back from its name`() throws {
        let places: [HeldPlace] = [
            .ip(address: "10.0.0.1:8080", device: nil), .ip(address: "[fe80::1%eth1]:8080", device: "eth1"),
            .file(path: "/run/postern/mesh.sock", identity), .file(path: "/run/a b:c%41 é\u{7F}\n.sock", identity),
            .abstract("mesh"), .abstract("a:b c"),
        ]
        for place in places {
            #expect(HeldPlace(name: place.name) == place)
            #expect(place.isStorable, "\(place.name)")
        }
        #expect(Set(places.map(\.name)).count == places.count)
    }

    @Test func `a name is what systemd takes and an administrator reads`() {
        #expect(HeldPlace.ip(address: "10.0.0.1:8080", device: "eth1").name == "held tcp 10.0.0.1%3A8080 eth1")
        #expect(
            HeldPlace.file(path: "/run/m.sock", identity).name
                == "held unix 26-1873-1765432100000000001 /run/m.sock")
    }

    @Test func `a path that is too long for a name is not storable, and is still read back`() {
        let place = HeldPlace.file(path: "/" + String(repeating: "é", count: 53), identity)
        #expect(!place.isStorable)
        #expect(HeldPlace(name: place.name) == place)
    }

    @Test(arguments: [
        "", "mesh", "held", "held tcp", "held udp 1", "held tcp a b c", "held unix 1-2-3", "held unix 1-2 /a",
        "held unix 1-2-x /a", "held abstract a b", "held tcp %4", "held tcp %zz", "held tcp %FF", "Held tcp a",
    ])
    func `other names are not places`(name: String) {
        #expect(HeldPlace(name: name) == nil)
    }
}
