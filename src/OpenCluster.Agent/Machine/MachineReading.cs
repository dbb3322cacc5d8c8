using System.Globalization;
using System.Runtime.InteropServices;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Machine;

/// <summary>What the machine is and has left, read from the kernel.</summary>
internal static class MachineReading
{
    public static MachineFacts Read(string directory)
    {
        var disk = new DriveInfo(directory);
        return new MachineFacts
        {
            Hostname = Environment.MachineName,
            System = Distribution(),
            Architecture = RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
            Cpus = Environment.ProcessorCount,
            MemoryBytes = Memory("MemTotal:"),
            MemoryAvailableBytes = Memory("MemAvailable:"),
            DiskBytes = disk.TotalSize,
            DiskFreeBytes = disk.AvailableFreeSpace,
            Load = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture),
        };
    }

    private static string Distribution()
    {
        const string Name = "PRETTY_NAME=";
        var line = File.Exists("/etc/os-release") ? File.ReadLines("/etc/os-release").FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.OSDescription : line[Name.Length..].Trim('"');
    }

    private static long Memory(string label)
    {
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith(label, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[label.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;
    }
}
