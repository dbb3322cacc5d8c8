using OpenCluster.Store;
using OpenCluster.Store.Embedded;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Data;

/// <summary>The way out when a log is damaged and there is no backup: <c>opencluster data repair</c>.</summary>
public static class DataRepair
{
    /// <summary>Cuts the log in a directory at its first damage; what is cut is kept beside, and nothing is deleted.</summary>
    /// <param name="path">The directory of a server's log.</param>
    /// <param name="time">For the generation of a log that is new.</param>
    /// <param name="tell">Takes a line for whoever runs it.</param>
    /// <exception cref="StoreInUseException">A server runs there.</exception>
    /// <exception cref="JournalDamagedException">The damage leaves nothing before it to be kept.</exception>
    public static void Run(string path, TimeProvider time, Action<string> tell)
    {
        ArgumentNullException.ThrowIfNull(tell);
        if (!Directory.Exists(path)) throw new IOException($"{path} is not there: give the directory of a data server's log.");
        var options = new JournalOptions { NewGeneration = Generation.NewerThan(default, time).Number, SegmentBytes = long.MaxValue };
        using var one = DirectoryLock.Take(path);
        if (JournalRepair.Run(DiskDirectory.OpenOrCreate(path), options) is not { } repaired)
        {
            tell($"{path} is whole: nothing was changed.");
            return;
        }
        tell($"{repaired.File} was damaged at byte {repaired.Offset}: it ends there now, and what was written after that moment is lost to the server. As it was it is kept as {repaired.KeptAs}.");
        foreach (var file in repaired.LaterFiles) tell($"{file} was written later and does not follow any more; it is kept as {file}{JournalRepair.Suffix}.");
    }
}
