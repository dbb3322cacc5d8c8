using System.Runtime.InteropServices;

namespace OpenCluster.Model.Files;

/// <summary>A place in a file, both counted from 1. Line 0: not in the file (a value from the command line).</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Position(int Line, int Column)
{
    public static Position None => default;
}
