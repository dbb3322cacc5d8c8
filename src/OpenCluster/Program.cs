Console.WriteLine("opencluster");
