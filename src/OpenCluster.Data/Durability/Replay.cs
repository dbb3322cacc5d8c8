using System.Buffers.Binary;
using OpenCluster.Data.Execution;
using OpenCluster.Resp;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Data.Durability;

/// <summary>Carries out again what a log holds, by the very commands that clients use, for a client who hears nothing.</summary>
internal sealed unsafe class Replay(Executor executor) : IJournalReplay, IDisposable
{
    private readonly Session session = new(0);

    /// <summary>Commands carried out again.</summary>
    public long Commands { get; private set; }

    public void Snapshot(ReadOnlySpan<byte> payload) => SnapshotCodec.Load(payload, executor.Spaces);

    public void Record(long sequence, ReadOnlySpan<byte> payload)
    {
        while (!payload.IsEmpty)
        {
            var name = payload.Slice(1, payload[0]);
            payload = payload[(1 + name.Length)..];
            var length = BinaryPrimitives.ReadInt32LittleEndian(payload);
            Run(name, payload.Slice(sizeof(int), length));
            payload = payload[(sizeof(int) + length)..];
        }
    }

    public void Dispose() => session.Dispose();

    private void Run(ReadOnlySpan<byte> spaceName, ReadOnlySpan<byte> commands)
    {
        var space = executor.Spaces.Replayed(spaceName);
        fixed (byte* bytes = commands)
        {
            var at = 0;
            while (at < commands.Length)
            {
                var status = session.Reader.Read(new Span<byte>(bytes + at, commands.Length - at), RespLimits.Default);
                if (status != CommandStatus.Complete)
                    throw new InvalidDataException($"The log holds what is no command ({session.Reader.Problem ?? "it ends in the middle"}): it was written by another program.");
                executor.RunLogged(session, space, bytes + at);
                at += session.Reader.Consumed;
                Commands++;
                if (session.Reply.Length > 0 && session.Reply.Written[0] == (byte)'-')
                    throw new InvalidDataException($"A command of the log was refused: {System.Text.Encoding.UTF8.GetString(session.Reply.Written).Trim()} A newer program wrote it: run that one.");
                session.Reply.CutTo(0);
            }
        }
    }
}
