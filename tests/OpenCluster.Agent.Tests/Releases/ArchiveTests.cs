using System.Formats.Tar;
using OpenCluster.Agent.Releases;
using OpenCluster.Agent.Tests.Fakes;

namespace OpenCluster.Agent.Tests.Releases;

public sealed class ArchiveTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("oc-archive-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string Target => Path.Combine(_directory, "target");

    private void Unpack(byte[] archive, ArchiveLimits? limits = null)
    {
        var path = Path.Combine(_directory, "a.tar.gz");
        File.WriteAllBytes(path, archive);
        Archive.Unpack(path, Target, limits ?? new ArchiveLimits());
    }

    [Fact]
    public void Files_and_links_inside_are_unpacked_and_lose_their_write_bits()
    {
        Unpack(TarGz.Of(TarGz.File("./app/run.sh", "hi", (UnixFileMode)0b111_111_111), TarGz.Link("app/link", "../app/run.sh")));
        Assert.Equal("hi", File.ReadAllText(Path.Combine(Target, "app/link")));
        Assert.Equal((UnixFileMode)0b101_101_101, File.GetUnixFileMode(Path.Combine(Target, "app/run.sh")));
    }

    public static TheoryData<string, string> BadEntries => new()
    {
        { "../out", "lies outside" },
        { "/etc/out", "lies outside" },
        { "a/../../out", "lies outside" },
    };

    [Theory, MemberData(nameof(BadEntries))]
    public void Entry_outside_is_refused(string name, string reason)
    {
        var refused = Assert.Throws<InvalidDataException>(() => Unpack(TarGz.Of(TarGz.File(name, "x"))));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_directory, "out")));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../etc/passwd")]
    [InlineData("b/../..")]
    public void Link_that_leads_out_is_refused(string target) =>
        Assert.Contains("leads out", Assert.Throws<InvalidDataException>(() => Unpack(TarGz.Of(TarGz.Link("a", target)))).Message, StringComparison.Ordinal);

    [Fact]
    public void File_below_a_link_is_refused() =>
        Assert.Contains("below a symbolic link", Assert.Throws<InvalidDataException>(() =>
            Unpack(TarGz.Of(TarGz.Link("a", "b"), TarGz.File("a/x", "x")))).Message, StringComparison.Ordinal);

    [Fact]
    public void Device_is_refused() =>
        Assert.Contains("Fifo", Assert.Throws<InvalidDataException>(() => Unpack(TarGz.Of(new PaxTarEntry(TarEntryType.Fifo, "pipe")))).Message, StringComparison.Ordinal);

    [Fact]
    public void Archive_that_unpacks_to_too_much_is_refused()
    {
        var large = TarGz.Of(TarGz.File("zeros", new string('0', 3 << 20)));
        Assert.Contains("more than 1 MiB", Assert.Throws<InvalidDataException>(() => Unpack(large, new ArchiveLimits(1 << 20))).Message, StringComparison.Ordinal);
        var many = TarGz.Of([.. Enumerable.Range(0, 11).Select(i => TarGz.File($"f{i}", ""))]);
        Assert.Contains("more than 10 entries", Assert.Throws<InvalidDataException>(() => Unpack(many, new ArchiveLimits(Entries: 10))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_archive_is_named_so_wherever_it_was_cut_or_changed()
    {
        for (var seed = 0; seed < 600; seed++)
        {
            var random = new Random(seed);
            var plain = TarGz.Plain(TarGz.File("a", new string('x', 700)), TarGz.Link("c", "a"), TarGz.File("d/b", "y"));
            // Half of them are hurt below the compression, where gzip's own checksum would otherwise catch it first.
            if (seed % 2 == 0) plain[random.Next(plain.Length)] ^= (byte)(1 << random.Next(8));
            var bad = TarGz.Compress(plain);
            if (seed % 2 == 1) bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            if (seed % 3 == 0) bad = bad[..random.Next(bad.Length)];
            try { Unpack(bad); }
            catch (InvalidDataException named) { Assert.NotEmpty(named.Message); }
            catch (Exception other) { Assert.Fail($"seed {seed}: {other}"); }
            if (Directory.Exists(Target)) Directory.Delete(Target, recursive: true);
        }
    }
}
