import Glibc
import NIOPosix
import Synchronization
import Testing

@testable import PosternControl

/// Real files, changed in every way that files are changed.
@Suite("Watching files")
struct MaterialWatcherTests {
    /// A directory with an observer that looks whenever asked.
    private final class Place {
        let path: String
        private var observer = MaterialObserver()

        init() {
            var template = Array("/tmp/postern-watch-XXXXXX".utf8CString)
            precondition(mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        deinit { Place.removeTree(path) }

        private static func removeTree(_ path: String) {
            if let stream = opendir(path) {
                var names: [String] = []
                while let entry = readdir(stream) {
                    names.append(
                        withUnsafeBytes(of: &entry.pointee.d_name) {
                            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                        })
                }
                closedir(stream)
                var status = stat()
                for name in names where name != "." && name != ".." {
                    let child = "\(path)/\(name)"
                    if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { removeTree(child) }
                    remove(child)
                }
            }
            rmdir(path)
        }

        func write(_ text: String, to name: String) {
            let descriptor = open("\(path)/\(name)", O_CREAT | O_WRONLY | O_TRUNC, 0o600)
            precondition(descriptor >= 0)
            _ = Glibc.write(descriptor, text, text.utf8.count)
            close(descriptor)
        }

        func move(_ name: String, to other: String) { precondition(rename("\(path)/\(name)", "\(path)/\(other)") == 0) }
        func link(_ target: String, as name: String) { precondition(symlink(target, "\(path)/\(name)") == 0) }
        func makeDirectory(_ name: String) { precondition(mkdir("\(path)/\(name)", 0o700) == 0) }
        func delete(_ name: String) { precondition(remove("\(path)/\(name)") == 0) }
        func look(_ names: String...) -> MaterialSnapshot { observer.observe(names.map { "\(path)/\($0)" }) }

        /// Sets both times of a file far back, as if it had been written long ago.
        func age(_ name: String) {
            let times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000_000, tv_nsec: 0)]
            precondition(utimensat(AT_FDCWD, "\(path)/\(name)", times, 0) == 0)
        }
    }

    @Test func `what did not change is equal, also when it was touched or written again with the same bytes`() {
        let place = Place()
        place.write("one", to: "a")
        let before = place.look("a")
        #expect(place.look("a") == before)
        place.age("a")
        #expect(place.look("a") == before)
        place.write("one", to: "a")
        #expect(place.look("a") == before)
    }

    @Test func `a file written in place is seen, even with the same length within one tick`() {
        let place = Place()
        place.write("one", to: "a")
        for text in ["two", "six", "ten", "one"] {
            let before = place.look("a")
            place.write(text, to: "a")
            #expect(place.look("a") != before)
        }
    }

    @Test func `a file renamed into place is seen`() {
        let place = Place()
        place.write("one", to: "a")
        let before = place.look("a")
        place.write("two", to: "b")
        place.age("b")
        place.move("b", to: "a")
        #expect(place.look("a") != before)
    }

    @Test func `a symbolic link that points elsewhere is seen`() {
        let place = Place()
        place.write("one", to: "first")
        place.write("two", to: "second")
        place.link("first", as: "a")
        let before = place.look("a")
        place.link("second", as: "next")
        place.move("next", to: "a")
        #expect(place.look("a") != before)
    }

    @Test func `a directory swapped as Kubernetes swaps it is seen`() {
        let place = Place()
        place.makeDirectory("..1")
        place.write("one", to: "..1/tls.crt")
        place.link("..1", as: "..data")
        place.link("..data/tls.crt", as: "tls.crt")
        let before = place.look("tls.crt")
        place.makeDirectory("..2")
        place.write("two", to: "..2/tls.crt")
        place.link("..2", as: "..data_tmp")
        place.move("..data_tmp", to: "..data")
        let after = place.look("tls.crt")
        #expect(after != before)
        place.delete("..1/tls.crt")
        place.delete("..1")
        #expect(place.look("tls.crt") == after)
    }

    @Test func `a directory above the file that is replaced is seen, as credentials are renewed`() {
        let place = Place()
        place.makeDirectory("credentials")
        place.write("one", to: "credentials/key")
        let before = place.look("credentials/key")
        place.makeDirectory("next")
        place.write("two", to: "next/key")
        place.move("credentials", to: "old")
        #expect(place.look("credentials/key") != before)
        place.move("next", to: "credentials")
        #expect(place.look("credentials/key") != before)
    }

    @Test func `files that come to, go from and change in a directory are seen, hidden ones are not`() {
        let place = Place()
        place.makeDirectory("trust")
        place.write("one", to: "trust/a.pem")
        let first = place.look("trust")
        place.write("two", to: "trust/b.pem")
        let second = place.look("trust")
        #expect(second != first)
        place.write("six", to: "trust/b.pem")
        #expect(place.look("trust") != second)
        place.delete("trust/b.pem")
        #expect(place.look("trust") == first)
        place.write("x", to: "trust/.hidden")
        #expect(place.look("trust") == first)
        place.move("trust/a.pem", to: "trust/c.pem")
        #expect(place.look("trust") != first)
    }

    @Test func `a file that goes and comes back is seen to`() {
        let place = Place()
        place.write("one", to: "a")
        let before = place.look("a")
        place.delete("a")
        let gone = place.look("a")
        #expect(gone.contents["\(place.path)/a"] == .unreadable(ENOENT))
        place.write("one", to: "a")
        #expect(place.look("a") == before)
        #expect(gone != before)
    }

    @Test func `a FIFO in a file's place holds nobody up`() {
        let place = Place()
        precondition(mkfifo("\(place.path)/a", 0o600) == 0)
        #expect(place.look("a").contents["\(place.path)/a"] == .other)
    }

    @Test func `a change counts once it was seen twice, and once only`() {
        func snapshot(_ digest: Int) -> MaterialSnapshot { MaterialSnapshot(contents: ["/a": .file(digest: digest)]) }
        var detector = ChangeDetector(handled: snapshot(1))
        let answers = [1, 2, 3, 3, 3, 2, 3, 1, 1, 1].map { detector.hasSettled(snapshot($0)) }
        #expect(answers == [false, false, false, true, false, false, false, false, true, false])
    }

    @Test func `a part of a snapshot is what was read from some of the paths`() {
        let all = MaterialSnapshot(
            contents: ["/a": .directory, "/a/x": .file(digest: 1), "/ab": .file(digest: 2), "/c": .file(digest: 3)])
        #expect(all.restricted(to: ["/a"]).contents.keys.sorted() == ["/a", "/a/x"])
        #expect(all.restricted(to: ["/ab", "/c"]).contents.keys.sorted() == ["/ab", "/c"])
    }

    @Test func `the watcher tells of each settled change with what the files held`() async throws {
        let place = Place()
        place.write("one", to: "a")
        let path = "\(place.path)/a"
        var observer = MaterialObserver()
        let served = observer.observe([path])
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        let watcher = MaterialWatcher([path], served: served, observer: observer)
        let (changes, continuation) = AsyncStream.makeStream(of: MaterialSnapshot.self)
        watcher.start(on: pool, every: .milliseconds(5)) { continuation.yield($0) }
        var iterator = changes.makeAsyncIterator()
        for text in ["two", "six"] {
            place.write(text, to: "a")
            let found = await iterator.next()
            #expect(found == place.look("a"))
            #expect(found != served)
        }
        watcher.stop()
        try await pool.shutdownGracefully()
    }
}
