using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OpenCluster.Laptop;

/// <summary>Signals to processes and process groups (kill(2)), which the framework does not send.</summary>
internal static partial class Signals
{
    public const int Term = 15;
    public const int Kill = 9;

    /// <summary>Sends a signal to one process; one that is gone already is no error.</summary>
    public static void Send(int pid, int signal) => Check(Native(pid, signal));

    /// <summary>Sends a signal to every process of a group.</summary>
    public static void SendToGroup(int group, int signal) => Check(Native(-group, signal));

    private static void Check(int result)
    {
        const int NoSuchProcess = 3;
        if (result != 0 && Marshal.GetLastPInvokeError() is not NoSuchProcess and var error) throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Native(int pid, int signal);
}
