"""How the doctor looks: at the machine, at the App, at repositories; and how it tells what it found."""
