using System.Collections;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OpenCluster.Processes;

/// <summary>
/// Settings that the runtime reads only from the environment and only at its start. A verb that wants others than it was started
/// with executes itself anew (execve: same pid, same files, some 40 ms); an agent sets them beforehand and saves that.
/// </summary>
internal static unsafe partial class RuntimeSettings
{
    /// <summary>
    /// For the data path: completions run on the thread that polls the sockets instead of hopping to a pool, which halves the CPU
    /// time of a small request. A handler that blocks would stall its loop, so nothing there may. And code that runs a hundred thousand
    /// times a second is worth compiling again by its profile, which elsewhere would cost more memory than it saves time. Threads of the pool,
    /// which have little to do there, do not spin for more: each turn of theirs is one of a loop that shares the processor.
    /// </summary>
    public static readonly (string Name, string Value)[] DataPath =
        [("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1"), ("DOTNET_TieredPGO", "1"), ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0")];

    /// <summary>
    /// For parts that idle most of their life: the youngest generation is collected after 2 MB (in hexadecimal). By itself the runtime
    /// lets it grow to the size of the processor's cache, tens of megabytes on a server, and it has no other way to be told.
    /// </summary>
    public static readonly (string Name, string Value)[] SmallHeap = [("DOTNET_GCgen0size", "200000")];

    /// <summary>Returns when the settings are in force; otherwise the process starts over and this never returns.</summary>
    public static void Require(params ReadOnlySpan<(string Name, string Value)> settings)
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
