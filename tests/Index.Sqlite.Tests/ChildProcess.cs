using System.Diagnostics;
using System.Globalization;

namespace ZarrCache.Index.Sqlite.Tests;

/// <summary>Another process that pushes into an index, and says on its standard output how far it has come.</summary>
internal static class ChildProcess
{
    public static Process Start(string database, string store, int count)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ZarrCache.Index.Sqlite.Child.dll");
        string host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        return Process.Start(new ProcessStartInfo(host, [program, database, store, count.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true })!;
    }
}
