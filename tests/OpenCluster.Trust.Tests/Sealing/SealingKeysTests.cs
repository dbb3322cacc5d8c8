using System.Security.Cryptography;
using OpenCluster.Trust.Sealing;

namespace OpenCluster.Trust.Tests.Sealing;

public sealed class SealingKeysTests : IDisposable
{
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("oc-seal-").FullName, "key");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Fact]
    public void What_is_sealed_opens_again_after_a_restart_and_shows_nothing_of_itself()
    {
        var box = SealingKeys.Open(_file).Seal("hunter2 hunter2"u8, "secret 1");
        Assert.True(box.AsSpan().IndexOf("hunter2"u8) < 0);
        Assert.NotEqual(box, SealingKeys.Open(_file).Seal("hunter2 hunter2"u8, "secret 1"));
        Assert.Equal("hunter2 hunter2"u8.ToArray(), SealingKeys.Open(_file).Open(box, "secret 1"));
        Assert.Equal((UnixFileMode)Convert.ToInt32("600", 8), File.GetUnixFileMode(_file));
    }

    [Fact]
    public void A_box_in_anothers_place_and_a_changed_one_are_refused()
    {
        var keys = SealingKeys.Open(_file);
        var box = keys.Seal("a"u8, "secret 1");
        Assert.ThrowsAny<CryptographicException>(() => keys.Open(box, "secret 2"));
        for (var i = 9; i < box.Length; i++)
        {
            box[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => keys.Open(box, "secret 1"));
            box[i] ^= 1;
        }

        Assert.Null(keys.Open(box.AsSpan(0, 10), "secret 1"));
        Assert.Null(SealingKeys.From("another"u8, "x").Open(box, "secret 1"));
    }

    [Fact]
    public void After_a_rotation_both_keys_open_until_nothing_needs_the_old_one()
    {
        var before = SealingKeys.Open(_file);
        var box = before.Seal("a"u8, "s");
        var after = before.WithNewKey();
        Assert.NotEqual(before.Newest, after.Newest);
        Assert.Equal("a"u8.ToArray(), after.Only(new HashSet<string> { before.Newest }).Open(box, "s"));
        Assert.Null(after.Only(new HashSet<string>()).Open(box, "s"));
        Assert.Equal(after.Newest, SealingKeys.KeyOf(after.Seal("a"u8, "s")));
    }

    [Fact]
    public void A_key_that_others_may_read_or_that_is_damaged_is_refused_without_showing_it()
    {
        SealingKeys.Open(_file);
        File.SetUnixFileMode(_file, (UnixFileMode)Convert.ToInt32("644", 8));
        Assert.Contains("chmod 600", Assert.Throws<CryptographicException>(() => SealingKeys.Open(_file)).Message, StringComparison.Ordinal);
        File.SetUnixFileMode(_file, (UnixFileMode)Convert.ToInt32("600", 8));
        File.WriteAllText(_file, "half a k=y\n");
        Assert.DoesNotContain("half", Assert.Throws<CryptographicException>(() => SealingKeys.Open(_file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_follows_from_a_secret_is_the_same_each_time_and_another_for_another_purpose()
    {
        var box = SealingKeys.From("secret"u8, "one").Seal("a"u8, "s");
        Assert.Equal("a"u8.ToArray(), SealingKeys.From("secret"u8, "one").Open(box, "s"));
        Assert.Null(SealingKeys.From("secret"u8, "two").Open(box, "s"));
    }
}
