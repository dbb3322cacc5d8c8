using OpenCluster.Store.Journaling;

namespace OpenCluster.Store.Tests.Journaling;

/// <summary>A moment at which the machine stops; the test throws the process's memory away and looks at what the disk kept.</summary>
internal sealed class MachineStopped() : Exception("the machine stopped");

/// <summary>
/// A disk that forgets: only what was synced is sure to survive a loss of power. Unsynced writes survive sector by sector or
/// not, as the random numbers have it; unsynced creations, renames and deletions survive up to some point in their order.
/// Any operation can be made to fail, or to stop the machine half-way.
/// </summary>
internal sealed class SimulatedDisk(Random random) : IDirectory
{
    private const int SectorBytes = 16; // Far smaller than real ones, so that small tests tear records in many places.
    private const int NoSpace = 28;

    private readonly Random random = random;
    private readonly List<Action<Dictionary<string, SimulatedFile>>> unsyncedNames = [];
    private Dictionary<string, SimulatedFile> durableNames = [];
    private Dictionary<string, SimulatedFile> names = [];

    public string Path => "/disk";

    /// <summary>How many writes, truncations, syncs and changes of names there were.</summary>
    public int Operations { get; private set; }

    /// <summary>The operation at which the machine stops.</summary>
    public int? StopAt { get; set; }

    /// <summary>Decides by its number whether an operation fails with an I/O error, half done.</summary>
    public Func<int, bool> Fails { get; set; } = _ => false;

    /// <summary>The most bytes that all files have together.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    public bool IsReadOnly { get; set; }

    public IReadOnlyList<string> List() => [.. names.Keys];

    public IFile Open(string name) => names[name];

    public IFile Create(string name)
    {
        Operate();
        var file = new SimulatedFile(this);
        Rename(files => files[name] = file);
        return file;
    }

    public void Rename(string from, string to)
    {
        Operate();
        var file = names[from];
        Rename(files =>
        {
            files.Remove(from);
            files[to] = file;
        });
    }

    public void Delete(string name)
    {
        Operate();
        Rename(files => files.Remove(name));
    }

    public void Sync()
    {
        Operate();
        unsyncedNames.Clear();
        durableNames = new(names);
    }

    /// <summary>What the disk holds when power comes back.</summary>
    public void LosePower()
    {
        var kept = random.Next(unsyncedNames.Count + 1);
        names = new(durableNames);
        unsyncedNames.Take(kept).ToList().ForEach(change => change(names));
        unsyncedNames.Clear();
        durableNames = new(names);
        foreach (var file in names.Values)
            file.LosePower(random);
        (StopAt, Fails) = (null, _ => false);
    }

    /// <summary>The process is gone, the system is not: everything written is there.</summary>
    public void KillProcess() => (StopAt, Fails) = (null, _ => false);

    public byte[] Content(string name) => [.. names[name].Bytes];

    /// <summary>A disk with the same files and one of them changed.</summary>
    public SimulatedDisk With(string changed, byte[] content)
    {
        var copy = new SimulatedDisk(random);
        foreach (var (name, file) in names)
            copy.names[name] = new SimulatedFile(copy, name == changed ? content : [.. file.Bytes]);
        copy.durableNames = new(copy.names);
        return copy;
    }

    private void Rename(Action<Dictionary<string, SimulatedFile>> change)
    {
        change(names);
        unsyncedNames.Add(change);
    }

    /// <summary>Counts an operation and lets it happen, fail or stop the machine; <paramref name="half"/> is what it does of itself before.</summary>
    private void Operate(Action? half = null)
    {
        var number = Operations++;
        if (number >= StopAt)
        {
            half?.Invoke();
            throw new MachineStopped();
        }
        if (IsReadOnly)
            throw new IOException("Read-only file system", 30);
        if (Fails(number))
        {
            half?.Invoke();
            throw new IOException("Input/output error", 5);
        }
    }

    private sealed class SimulatedFile(SimulatedDisk disk, byte[]? content = null) : IFile
    {
        private readonly List<Action<List<byte>, Random>> unsynced = [];
        private readonly List<byte> durable = [.. content ?? []];

        public List<byte> Bytes { get; private set; } = [.. content ?? []];

        public long Length => Bytes.Count;

        public int Read(Span<byte> buffer, long offset)
        {
            if (offset >= Bytes.Count)
                return 0;
            var count = (int)Math.Min(buffer.Length, Bytes.Count - offset);
            Bytes.Slice((int)offset, count).ToArray().CopyTo(buffer);
            return count;
        }

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
            var bytes = data.ToArray();
            disk.Operate(half: () => Put(bytes[..(bytes.Length / 2)], (int)offset));
            var room = disk.CapacityBytes - disk.names.Values.Sum(file => file.Length) + Math.Max(0, Length - offset);
            if (bytes.Length > room)
            {
                Put(bytes[..(int)Math.Max(0, room)], (int)offset);
                throw new IOException("No space left on device", NoSpace);
            }
            Put(bytes, (int)offset);
        }

        public void Truncate(long length)
        {
            disk.Operate();
            Change((bytes, _) => Resize(bytes, (int)length));
        }

        public void Sync()
        {
            // A failed sync leaves the worst behind: some of it is on disk, none of it counts as unwritten any more, and
            // reading gives it all. See "fsyncgate".
            disk.Operate(half: () => Settle(disk.random));
            Settle(Surely.Instance);
        }

        public void LosePower(Random random)
        {
            Settle(random);
            Bytes = [.. durable];
        }

        public void Dispose()
        {
        }

        private void Put(byte[] data, int offset) => Change((bytes, random) =>
        {
            // The length may grow before the data gets there: then the gap reads as zeros.
            if (random.Next(4) > 0 || bytes.Count < offset)
                Resize(bytes, Math.Max(bytes.Count, offset));
            for (var start = 0; start < data.Length; start += SectorBytes)
            {
                if (random.Next(3) == 0)
                    continue;
                var sector = data[start..Math.Min(data.Length, start + SectorBytes)];
                Resize(bytes, Math.Max(bytes.Count, offset + start + sector.Length));
                for (var i = 0; i < sector.Length; i++)
                    bytes[offset + start + i] = sector[i];
            }
        });

        private void Change(Action<List<byte>, Random> change)
        {
            change(Bytes, Surely.Instance);
            unsynced.Add(change);
        }

        private void Settle(Random random)
        {
            unsynced.ForEach(change => change(durable, random));
            unsynced.Clear();
        }

        private static void Resize(List<byte> bytes, int length)
        {
            if (bytes.Count > length)
                bytes.RemoveRange(length, bytes.Count - length);
            else
                bytes.AddRange(new byte[length - bytes.Count]);
        }
    }

    /// <summary>Chance at its most favourable: every sector arrives.</summary>
    private sealed class Surely : Random
    {
        public static readonly Surely Instance = new();

        public override int Next(int maxValue) => maxValue - 1;
    }
}
