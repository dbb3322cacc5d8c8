using System.Collections;
using System.Collections.Immutable;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OpenCluster.Processes;

/// <summary>
/// Settings that the runtime reads only from the environment and only at its start (<see cref="Agent.Processes.RuntimeNeeds"/>). A verb that
/// wants others than it was started with executes itself anew (execve: same pid, same files, some 40 ms); whoever starts a part sets them
/// beforehand and saves that.
/// </summary>
internal static unsafe partial class RuntimeSettings
{
    /// <summary>Returns when the settings are in force; otherwise the process starts over and this never returns.</summary>
    public static void Require(ImmutableArray<KeyValuePair<string, string>> settings)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value, StringComparer.Ordinal);
        var missing = false;
        foreach (var (name, value) in settings)
        {
            if (environment.GetValueOrDefault(name) == value) continue;
            environment[name] = value;
            missing = true;
        }

        if (missing) StartOver([.. environment.Select(e => $"{e.Key}={e.Value}")]);
    }

    private static void StartOver(string[] environment)
    {
        var words = File.ReadAllText("/proc/self/cmdline").Split('\0', StringSplitOptions.None)[..^1];
        var executable = Environment.ProcessPath ?? throw new IOException("/proc/self/exe cannot be read.");
        var path = Marshal.StringToCoTaskMemUTF8(executable);
        Execve(path, Pointers(words), Pointers(environment));
        throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{executable} could not execute itself with other runtime settings.");
    }

    /// <summary>A null-terminated array of C strings. Never freed: the call that takes it replaces the process.</summary>
    private static nint* Pointers(string[] texts)
    {
        var pointers = (nint*)NativeMemory.Alloc((nuint)(texts.Length + 1), (nuint)sizeof(nint));
        for (var i = 0; i < texts.Length; i++) pointers[i] = Marshal.StringToCoTaskMemUTF8(texts[i]);
        pointers[texts.Length] = 0;
        return pointers;
    }

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true)]
    private static partial int Execve(nint path, nint* arguments, nint* environment);
}
