using OpenCluster.Store.Journaling;

namespace OpenCluster.Store.Tests.Journaling;

/// <summary>What is found damaged, and what is said about it.</summary>
public sealed class JournalDamageTests
{
    [Fact]
    public void Every_flipped_bit_is_named_and_refused_or_lies_in_a_mark_that_carries_nothing()
    {
        var (disk, payloads) = Small(snapshot: true);
        var refused = 0;
        foreach (var name in disk.List())
        {
            var content = disk.Content(name);
            for (var bit = 0; bit < content.Length * 8; bit++)
            {
                var flipped = (byte[])content.Clone();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                var damaged = disk.With(name, flipped);
                try
                {
                    var (journal, found) = JournalWorkload.Open(damaged);
                    Assert.Equal(payloads, found);
                    Assert.Equal(content.Length - RecordHeader.Size, journal.Tail!.Offset);
                    Assert.True(bit / 8 >= journal.Tail.Offset);
                }
                catch (JournalDamagedException damage)
                {
                    refused++;
                    Assert.EndsWith(name, damage.File, StringComparison.Ordinal);
                    Assert.InRange(damage.Offset, 0, bit / 8);
                    Assert.Contains($"byte {damage.Offset}", damage.Message, StringComparison.Ordinal);
                    Assert.Equal(flipped, damaged.Content(name));
                }
            }
        }
        Assert.True(refused > 1000);
    }

    [Fact]
    public void The_last_batch_is_cut_and_reported_when_it_is_not_whole_and_nothing_says_that_it_was_synced()
    {
        var (disk, payloads) = Small(snapshot: false);
        var name = disk.List().Order(StringComparer.Ordinal).Last();
        var content = disk.Content(name);
        // Without the last mark, as when power was lost before the system wrote it back.
        var unmarked = content[..^RecordHeader.Size];
        for (var length = unmarked.Length - 1; length > unmarked.Length - 20; length--)
        {
            var (journal, found) = JournalWorkload.Open(disk.With(name, unmarked[..length]));
            Assert.Equal(payloads[..^1], found);
            Assert.Contains(name, journal.Tail!.File, StringComparison.Ordinal);
            Assert.Equal(length - journal.Tail.Offset, journal.Tail.Bytes);
        }
    }

    [Fact]
    public void A_segment_cut_short_before_its_end_is_refused_when_another_follows()
    {
        var (disk, _) = Small(snapshot: false);
        var first = disk.List().Order(StringComparer.Ordinal).First();
        var content = disk.Content(first);
        for (var length = 0; length < content.Length - RecordHeader.Size; length++)
            Assert.Throws<JournalDamagedException>(() => JournalWorkload.Open(disk.With(first, content[..length])));
    }

    [Fact]
    public void A_missing_segment_is_named()
    {
        var (disk, _) = Small(snapshot: false);
        var segments = disk.List().Order(StringComparer.Ordinal).ToList();
        Assert.True(segments.Count > 2);
        disk.Delete(segments[1]);
        var damage = Assert.Throws<JournalDamagedException>(() => JournalWorkload.Open(disk));
        Assert.EndsWith(segments[2], damage.File, StringComparison.Ordinal);
        Assert.Contains("missing", damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_format_is_refused_by_name_and_nothing_is_touched()
    {
        var (disk, _) = Small(snapshot: false);
        var name = disk.List().Order(StringComparer.Ordinal).Last();
        var content = disk.Content(name);
        content[8] = 2;
        BitConverter.TryWriteBytes(content.AsSpan(36), Crc32C.Of(content.AsSpan(0, 36)));
        var newer = disk.With(name, content);
        var refused = Assert.Throws<JournalVersionException>(() => JournalWorkload.Open(newer));
        Assert.Contains("format version 2; this program reads up to 1", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, newer.Operations);
    }

    [Fact]
    public void A_payload_that_imitates_a_record_does_not_turn_a_torn_tail_into_damage()
    {
        var disk = new SimulatedDisk(new Random(1));
        var (journal, _) = JournalWorkload.Open(disk);
        JournalWorkload.Commit(journal, "kept");
        var imitation = new System.Buffers.ArrayBufferWriter<byte>();
        for (var guess = 0; guess < 64; guess++)
            RecordHeader.Write(imitation, salt: 0, sequence: 3 + guess, batch: 3 + guess, "imitation"u8);
        journal.Append(imitation.WrittenSpan);
        journal.Commit();
        journal.Dispose();
        var name = disk.List().Single();
        var (_, found) = JournalWorkload.Open(disk.With(name, disk.Content(name)[..^(RecordHeader.Size + 1)]));
        Assert.Equal(["kept"], found);
    }

    [Fact]
    public void Mangled_files_are_opened_or_refused_and_nothing_else()
    {
        var (disk, payloads) = Small(snapshot: true);
        var random = new Random(5);
        var names = disk.List().ToList();
        for (var round = 0; round < 20_000; round++)
        {
            var name = names[random.Next(names.Count)];
            var content = Mangle(disk.Content(name), random);
            try
            {
                var (journal, found) = JournalWorkload.Open(disk.With(name, content));
                // Whatever is accepted is a beginning of what was written, and what is missing was reported, unless the
                // file was cut exactly between two records.
                Assert.Equal(payloads.Take(found.Count), found);
                var shortened = disk.Content(name).AsSpan().StartsWith(content);
                Assert.True(found.Count == payloads.Count || journal.Tail is not null || shortened);
            }
            catch (JournalDamagedException)
            {
                // As it should be.
            }
        }
    }

    private static byte[] Mangle(byte[] content, Random random)
    {
        var mangled = content.ToList();
        switch (random.Next(5))
        {
            case 0:
                mangled.RemoveRange(random.Next(mangled.Count), 1);
                break;
            case 1:
                mangled.Insert(random.Next(mangled.Count), (byte)random.Next(256));
                break;
            case 2:
                mangled = mangled[..random.Next(mangled.Count)];
                break;
            case 3:
                var start = random.Next(mangled.Count);
                for (var i = start; i < Math.Min(mangled.Count, start + 64); i++)
                    mangled[i] = (byte)random.Next(256);
                break;
            default:
                var noise = new byte[random.Next(200)];
                random.NextBytes(noise);
                mangled = [.. mangled[..Math.Min(mangled.Count, FileHeader.Size)], .. noise];
                break;
        }
        return [.. mangled];
    }

    /// <summary>A journal that was closed: several segments, one record to a batch.</summary>
    private static (SimulatedDisk Disk, List<string> Payloads) Small(bool snapshot)
    {
        var disk = new SimulatedDisk(new Random(1));
        var (journal, _) = JournalWorkload.Open(disk);
        List<string> payloads = [.. Enumerable.Range(0, 24).Select(i => $"payload {i}")];
        for (var i = 0; i < payloads.Count; i++)
        {
            JournalWorkload.Commit(journal, payloads[i]);
            if (!snapshot || i != 6)
                continue;
            using var writer = journal.BeginSnapshot();
            foreach (var payload in payloads[..7])
                writer.Append(System.Text.Encoding.UTF8.GetBytes(payload));
            writer.Complete();
        }
        journal.Dispose();
        return (disk, payloads);
    }
}
