using System.Text;

namespace OpenCluster.Store.Embedded;

/// <summary>
/// The payloads that the store gives its journal. The first byte is what the payload is; numbers are 7-bit encoded, text
/// is length-prefixed UTF-8. The journal's checksums vouch for the bytes, so a payload that does not read is from a newer program.
/// </summary>
internal static class RecordCodec
{
    private const byte StepKind = 1;
    private const byte HeadKind = 2;
    private const byte DocumentKind = 3;
    private const byte LeaseKind = 4;

    public static byte[] EncodeStep(StoreRecord record) => Encode(StepKind, writer =>
    {
        writer.Write7BitEncodedInt64(record.Revision);
        WriteList(writer, record.Puts, WriteDocument);
        WriteList(writer, record.Deletes, (w, key) => w.Write(key));
        WriteList(writer, record.Granted, WriteLease);
        WriteList(writer, record.Ended, (w, lease) => w.Write7BitEncodedInt64(lease.Value));
    });

    public static StoreRecord DecodeStep(ReadOnlySpan<byte> payload)
    {
        using var reader = Reader(payload);
        Expect(reader.ReadByte(), StepKind);
        return new StoreRecord(
            reader.Read7BitEncodedInt64(),
            ReadList(reader, ReadDocument),
            ReadList(reader, r => r.ReadString()),
            ReadList(reader, ReadLease),
            ReadList(reader, r => new LeaseId(r.Read7BitEncodedInt64())));
    }

    /// <summary>The state as payloads of a snapshot: its head, then its leases, then its documents.</summary>
    public static IEnumerable<byte[]> EncodeState(StoreState state)
    {
        yield return Encode(HeadKind, writer =>
        {
            writer.Write7BitEncodedInt64(state.Revision);
            writer.Write7BitEncodedInt64(state.LastLease);
        });
        foreach (var (id, lease) in state.Leases)
            yield return Encode(LeaseKind, writer => WriteLease(writer, new Lease(id, lease.TimeToLive)));
        foreach (var document in state.Documents)
            yield return Encode(DocumentKind, writer => WriteDocument(writer, document));
    }

    /// <summary>The state with one more payload of a snapshot.</summary>
    public static StoreState DecodeState(StoreState state, ReadOnlySpan<byte> payload)
    {
        using var reader = Reader(payload);
        switch (reader.ReadByte())
        {
            case HeadKind:
                return state with { Revision = reader.Read7BitEncodedInt64(), LastLease = reader.Read7BitEncodedInt64() };
            case LeaseKind:
                return state.Apply(new StoreRecord(state.Revision, [], [], [ReadLease(reader)], []));
            case DocumentKind:
                return state.Apply(new StoreRecord(state.Revision, [ReadDocument(reader)], [], [], []));
            case var kind:
                throw Unknown(kind);
        }
    }

    private static byte[] Encode(byte kind, Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(kind);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    private static BinaryReader Reader(ReadOnlySpan<byte> payload) => new(new MemoryStream(payload.ToArray()), Encoding.UTF8);

    private static void WriteList<T>(BinaryWriter writer, IReadOnlyList<T> items, Action<BinaryWriter, T> write)
    {
        writer.Write7BitEncodedInt(items.Count);
        foreach (var item in items)
            write(writer, item);
    }

    private static List<T> ReadList<T>(BinaryReader reader, Func<BinaryReader, T> read)
    {
        var count = reader.Read7BitEncodedInt();
        var items = new List<T>();
        for (var i = 0; i < count; i++)
            items.Add(read(reader));
        return items;
    }

    private static void WriteDocument(BinaryWriter writer, Document document)
    {
        writer.Write(document.Key);
        writer.Write7BitEncodedInt64(document.CreateRevision);
        writer.Write7BitEncodedInt64(document.ModRevision);
        writer.Write7BitEncodedInt64(document.Lease?.Value ?? 0);
        writer.Write7BitEncodedInt(document.Value.Length);
        writer.Write(document.Value.Span);
    }

    private static Document ReadDocument(BinaryReader reader)
    {
        var key = reader.ReadString();
        var created = reader.Read7BitEncodedInt64();
        var modified = reader.Read7BitEncodedInt64();
        var lease = reader.Read7BitEncodedInt64();
        var value = reader.ReadBytes(reader.Read7BitEncodedInt());
        return new Document(key, value, created, modified, lease == 0 ? null : new LeaseId(lease));
    }

    private static void WriteLease(BinaryWriter writer, Lease lease)
    {
        writer.Write7BitEncodedInt64(lease.Id.Value);
        writer.Write7BitEncodedInt64((long)lease.TimeToLive.TotalSeconds);
    }

    private static Lease ReadLease(BinaryReader reader) =>
        new(new LeaseId(reader.Read7BitEncodedInt64()), TimeSpan.FromSeconds(reader.Read7BitEncodedInt64()));

    private static void Expect(byte kind, byte wanted)
    {
        if (kind != wanted)
            throw Unknown(kind);
    }

    private static InvalidDataException Unknown(byte kind) =>
        new($"The journal holds a record of kind {kind}, which this program does not know. Run the newer program that wrote it.");
}
