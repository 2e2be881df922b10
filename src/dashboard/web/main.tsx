import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { App } from "./app.js";

const root = document.querySelector("#app")!;
// What stands there where this does not run.
root.replaceChildren();
render(<App />, root);
