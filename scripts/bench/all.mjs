// Every benchmark, one after another: `npm run bench -- [rounds]`.
for (const name of ["run", "streams", "resume"]) {
  console.log(`\n== ${name}`);
  await import(`./${name}.mjs`);
}
